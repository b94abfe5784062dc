"""A simulation of federated averaging: a query tower that is trained where the users are, beside one trained centrally.

Each simulated user is a client that keeps its purchases to itself. The server sends out the weights of the query tower,
some clients train them on their own purchases, and the server averages what comes back, weighted by the number of
purchases (McMahan et al. 2017, "Communication-efficient learning of deep networks from decentralized data",
algorithm 1). The vectors of the items are public and stay fixed. Nothing is sent anywhere: all clients are arrays of
one process. There is no secure aggregation and no noise: the weights that come back can tell about a client.

Run it as `.venv/bin/python examples/federated_query_tower.py`; it takes less than a minute on two cores.
"""

import argparse
import os
from collections.abc import Callable

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import keras
import numpy as np
import tensorflow as tf

import trainer

DIMENSION, ITEMS, LENGTH = 16, 200, 12
Weights = list[np.ndarray]
ClientUpdate = Callable[[tf.Tensor, tf.Tensor], None]


def make_shop(users: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Item vectors, float32 [V, D], and what each user bought, oldest first.

    What comes next is near a turned vector of the last item, and near the user's own taste, so that no client's
    purchases look like those of all.
    """
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(ITEMS, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    turn, _ = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))
    follows = 10 * vectors @ turn @ vectors.T
    tastes = random.normal(size=(users, DIMENSION)) @ vectors.T
    sequences = np.empty((users, LENGTH + 1), np.int64)
    sequences[:, 0] = random.integers(ITEMS, size=users)
    for place in range(1, LENGTH + 1):
        gumbel = random.gumbel(size=(users, ITEMS))
        sequences[:, place] = np.argmax(follows[sequences[:, place - 1]] + tastes + gumbel, axis=1)
    return vectors.astype(np.float32), list(sequences)


def build_model(vectors: np.ndarray) -> trainer.TwoTowerModel:
    """Two towers of which only the query tower is trained."""
    keras.utils.set_random_seed(1)
    model = trainer.TwoTowerModel(
        trainer.QueryTower(0, DIMENSION, trainer.RecencyMean([0.5, 8.0])),
        trainer.ItemTower(DIMENSION, hidden=0),
        trainer.FullSoftmax(ITEMS, learn_temperature=False),
        trainer.ItemTables(ITEMS),
        DIMENSION,
    )
    model.set_items(trainer.ItemFeatures(), np.ones(ITEMS + 1))
    model.item_embedding.embeddings.assign(np.vstack([vectors, np.zeros(DIMENSION)]))
    model.item_embedding.trainable = False
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    return model


def train_centrally(model: trainer.TwoTowerModel, windows: dict[str, np.ndarray], epochs: int) -> None:
    """Train on the purchases of all users together."""
    model.fit(windows, batch_size=32, epochs=epochs, verbose=0)


def client_update(model: trainer.TwoTowerModel, steps: int, learning_rate: float) -> ClientUpdate:
    """A function that takes some steps of gradient descent on one client's window, in the model's own weights."""
    variables = [variable.value for variable in model.trainable_variables]

    @tf.function(autograph=False)
    def update(history: tf.Tensor, targets: tf.Tensor) -> None:
        window = {"history": history, "targets": targets}
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = model.compute_loss(window, y_pred=model(window, training=True), training=True)
            for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
                variable.assign_sub(learning_rate * gradient)

    return update


def train_federated(
    model: trainer.TwoTowerModel,
    windows: dict[str, np.ndarray],
    rounds: int,
    clients: int = 20,
    steps: int = 5,
    learning_rate: float = 0.3,
) -> None:
    """Federated averaging: each round, some clients start from the server's weights, and their results are averaged."""
    random = np.random.default_rng(2)
    update = client_update(model, steps, learning_rate)
    purchases = (windows["targets"] >= 0).sum(axis=1)
    variables = model.trainable_variables
    for _ in range(rounds):
        server = [variable.numpy() for variable in variables]
        chosen = random.choice(len(purchases), min(clients, len(purchases)), replace=False)
        average: Weights = [np.zeros_like(weight) for weight in server]
        for client in chosen:
            set_weights(variables, server)
            update(*(tf.constant(windows[name][client : client + 1]) for name in ("history", "targets")))
            share = purchases[client] / purchases[chosen].sum()
            average = [total + share * own.numpy() for total, own in zip(average, variables, strict=True)]
        set_weights(variables, average)


def set_weights(variables: list[keras.Variable], weights: Weights) -> None:
    """Give each variable its weights."""
    for variable, weight in zip(variables, weights, strict=True):
        variable.assign(weight)


def quality(model: trainer.TwoTowerModel, sequences: list[np.ndarray]) -> tuple[float, float]:
    """Hit rate and NDCG at 10 of each user's last item among all items, from what the user bought before."""
    history = np.stack([sequence[:-1] for sequence in sequences])
    visible = np.ones((len(history), 1, history.shape[1]), bool)
    last = np.array([sequence[-1:] for sequence in sequences])
    found = model.evaluate({"history": history, "visible": visible, "targets": last}, verbose=0, return_dict=True)
    return found["HR@10"], found["NDCG@10"]


def main(users: int, epochs: int, rounds: int) -> None:
    """Train the same tower in both ways, and print the table."""
    vectors, sequences = make_shop(users, seed=0)
    windows = trainer.next_item_windows([sequence[:-1] for sequence in sequences], LENGTH)
    untrained, central, federated = (build_model(vectors) for _ in range(3))
    train_centrally(central, windows, epochs)
    train_federated(federated, windows, rounds)
    print(f"Simulation: {users} clients in one process, {rounds} rounds of federated averaging")
    print(f"{'query tower':24}{'HR@10':>8}{'NDCG@10':>9}")
    for name, model in (("untrained", untrained), ("federated", federated), ("central", central)):
        hit_rate, ndcg = quality(model, sequences)
        print(f"{name:24}{hit_rate:8.4f}{ndcg:9.4f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", type=int, default=500)
    arguments.add_argument("--epochs", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=60)
    main(**vars(arguments.parse_args()))
