"""What towers, losses and ranker give for fixed weights and inputs, on the backend of Keras that this process has.

As a program, `python -m tests.backends.model_outputs WEIGHTS OUTPUTS` reads an npz file of weights and writes one of
outputs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from trainer.history import history_encoder
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import (
    FullSoftmax,
    HardNegatives,
    InBatchNegatives,
    MixedNegatives,
    QueueNegatives,
    SampledSoftmax,
)
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.retrieval import TwoTowerModel
from trainer.towers import ItemTower, QueryTower

ITEMS, USERS, DIMENSION, EVENTS = 9, 4, 8, 5
ENCODERS = ("gru", "causal_attention")
"""Beside the recency-weighted means, which every loss is tried with."""

Arrays = dict[str, np.ndarray]


def _features() -> ItemFeatures:
    random = np.random.default_rng(0)
    return ItemFeatures(
        categories=random.integers(0, 3, (ITEMS + 1, 2)).astype(np.int32),
        brands=random.integers(0, 4, ITEMS + 1).astype(np.int32),
        prices=random.normal(size=(ITEMS + 1, 2)).astype(np.float32),
        texts=random.normal(size=(ITEMS + 1, 6)).astype(np.float32),
    )


def _towers(encoder: str, softmax: keras.layers.Layer) -> TwoTowerModel:
    options = {"dropout": 0.0} if encoder == "causal_attention" else {}
    query = QueryTower(
        USERS, DIMENSION, history_encoder(encoder, DIMENSION, **options), event_type_count=3, use_time=True
    )
    item = ItemTower(DIMENSION, (3, 3), 4, price=True, text_dimension=6)
    model = TwoTowerModel(query, item, softmax, ItemTables(ITEMS, _features().widths), DIMENSION, user_count=USERS)
    model.set_items(_features(), np.append(np.arange(ITEMS), 0))
    return model


def _batch() -> dict[str, Any]:
    random = np.random.default_rng(1)
    history = random.integers(0, ITEMS, (3, EVENTS)).astype(np.int32)
    targets = random.integers(0, ITEMS, (3, EVENTS)).astype(np.int32)
    history[2, 3:] = targets[2, 3:] = -1
    days = np.sort(random.uniform(0, 30, (3, EVENTS + 1)), axis=1).astype(np.float32)
    batch = {
        "users": np.array([0, 2, USERS], np.int32),
        "history": history,
        "targets": targets,
        "positives": np.stack([targets, np.roll(targets, 1, axis=1)], axis=2),
        "event_types": random.integers(0, 3, (3, EVENTS)).astype(np.int32),
        "days": days[:, :-1],
        "target_days": days[:, 1:],
    }
    return {name: ops.convert_to_tensor(values) for name, values in batch.items()}


def _softmaxes() -> dict[str, keras.layers.Layer]:
    sources = {
        "in_batch": InBatchNegatives(),
        "queue": QueueNegatives(6),
        "mixed": MixedNegatives(ITEMS, 5),
        "hard": HardNegatives(ITEMS, 2),
    }
    full = {"full": FullSoftmax(ITEMS), "full_of_target": FullSoftmax(ITEMS, average_positives=False)}
    return {**full, **{name: SampledSoftmax([source]) for name, source in sources.items()}}


@contextmanager
def _same_draws() -> Iterator[None]:
    """Backends draw other numbers from one seed: here all take the same."""
    uniform, shuffle = keras.random.uniform, keras.random.shuffle
    keras.random.uniform = lambda shape, **_: ops.convert_to_tensor(np.linspace(0.05, 0.95, *shape))
    keras.random.shuffle = lambda values, **_: values
    try:
        yield
    finally:
        keras.random.uniform, keras.random.shuffle = uniform, shuffle


class _Models:
    """Runs models with weights of their own, or with those of another process."""

    def __init__(self, weights: Arrays | None) -> None:
        self._given = weights
        self.weights: Arrays = {}
        self.outputs: Arrays = {}

    def weigh(self, name: str, model: keras.Model) -> None:
        """Give a model the weights of the other process, or note the ones that it has."""
        names = [f"{name}/{number}" for number in range(len(model.weights))]
        if self._given is not None:
            model.set_weights([self._given[each] for each in names])
        self.weights |= dict(zip(names, model.get_weights(), strict=True))

    def add_towers(self, encoder: str, softmax_name: str, softmax: keras.layers.Layer) -> None:
        """Query and item vectors, and the loss of two batches one after the other: queues hold the first."""
        name, batch = f"towers {encoder} {softmax_name}", _batch()
        model = _towers(encoder, softmax)
        self.weigh(name, model)
        queries = model(batch)
        items = model.embed_items(ops.arange(ITEMS + 1))
        for source in getattr(softmax, "negatives", ()):
            if isinstance(source, HardNegatives):
                source.refresh(items[:ITEMS])
        losses = [model.compute_loss(batch, None, queries, training=True) for _ in range(2)]
        self.add(name, queries=queries, items=items, losses=ops.stack(losses))

    def add_ranker(self) -> None:
        """Logits and losses of a ranker with every part."""
        random = np.random.default_rng(2)
        parts = {"crosses": 2, "experts": 2, "attended_events": 3, "vector_size": 4, "position_slots": 3}
        model = Ranker(["buy", "click"], 5, [6, 4], {"buy": "click"}, **parts)
        self.weigh("ranker", model)
        model.set_scale(np.full(5, 0.3), np.full(5, 2.0))
        inputs = {
            "features": random.normal(size=(2, 4, 5)),
            "candidates": random.normal(size=(2, 4, 4)),
            "events": random.normal(size=(2, 3, 4)),
            "ages": np.array([[3.0, 1.0, 0.0], [2.0, -1.0, -1.0]]),
        }
        tensors = {key: ops.convert_to_tensor(values.astype(np.float32)) for key, values in inputs.items()}
        positions = ops.convert_to_tensor(np.array([[0, 1, 2, -1], [2, 1, 0, 1]], np.int32))
        logits = model({**tensors, "positions": positions})
        labels = ops.convert_to_tensor(random.integers(-1, 2, (2, 4, 1)).repeat(2, axis=2).astype(np.float32))
        losses = [RankerLoss(*weights)(labels, logits) for weights in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))]
        self.add("ranker", logits=logits, last_layer=model.last_layer(tensors), losses=ops.stack(losses))

    def add(self, name: str, **tensors: Any) -> None:
        """Note outputs."""
        self.outputs |= {f"{name} {key}": ops.convert_to_numpy(value) for key, value in tensors.items()}


def model_outputs(weights: Arrays | None = None) -> tuple[Arrays, Arrays]:
    """Weights and outputs of all models, by name; `weights` are those of another process."""
    keras.utils.set_random_seed(3)
    models = _Models(weights)
    with _same_draws():
        for encoder in ENCODERS:
            models.add_towers(encoder, "full", FullSoftmax(ITEMS))
        for name, softmax in _softmaxes().items():
            models.add_towers("recency_mean", name, softmax)
        models.add_ranker()
    return models.weights, models.outputs


if __name__ == "__main__":
    given, written = map(Path, sys.argv[1:])
    with np.load(given) as stored:
        np.savez(written, **model_outputs(dict(stored))[1])
