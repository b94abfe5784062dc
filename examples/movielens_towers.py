"""Trains two towers on MovieLens 100K from plain arrays, without TFX, and shows them beside simple models.

The film that a user rated last is to be found among all films that the user had not rated before. Run it as
`.venv/bin/python examples/movielens_towers.py ../shared/data/ml-100k`; it takes less than two minutes on two cores.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd

import trainer
from tfx_pipeline.evaluation import EvaluationCases, Interactions, score_rankings, top_k
from tfx_pipeline.evaluation.baselines import MostPopular, Transitions
from trainer.conditional_logit import ConditionalLogit

DIMENSION, LENGTH = 64, 50


def read_films(folder: Path) -> tuple[list[np.ndarray], int]:
    """The films of each user as rows of the catalogue, oldest rating first, and the number of films."""
    row_of = {film: row for row, film in enumerate(pd.read_csv(folder / "items.csv.gz")["item_id"])}
    ratings = pd.read_csv(folder / "events.csv.gz").sort_values(["user_id", "timestamp"], kind="stable")
    return [user["item_id"].map(row_of).to_numpy() for _, user in ratings.groupby("user_id")], len(row_of)


def train_towers(sequences: list[np.ndarray], films: int, epochs: int) -> trainer.TwoTowerModel:
    """The query is what self-attention makes of the films rated so far; an item is the vector of a film's id."""
    encoder = trainer.CausalAttention(DIMENSION, dropout=0.3)
    model = trainer.TwoTowerModel(
        trainer.QueryTower(0, DIMENSION, encoder, hidden=0, residual=True),
        trainer.ItemTower(DIMENSION, hidden=0),
        trainer.FullSoftmax(films),  # the catalogue is small: every film is a candidate at every step
        trainer.ItemTables(films),
        DIMENSION,
        history_vectors="tower",
    )
    model.set_items(trainer.ItemFeatures(), np.bincount(np.concatenate(sequences), minlength=films + 1))
    model.compile(optimizer=keras.optimizers.Adam(3e-3))
    windows = trainer.next_item_windows(sequences, LENGTH)  # every position predicts the film after it
    model.fit(windows, batch_size=64, epochs=epochs, verbose=2)
    return model


def leave_out(sequences: list[np.ndarray], films: int, place: int) -> tuple[Interactions, EvaluationCases]:
    """All that came before the film at `place` from the end of each sequence; and that film, to be found."""
    known = [sequence[:-place] for sequence in sequences]
    users = np.repeat(np.arange(len(known)), [len(history) for history in known])
    ids = [f"user {number}" for number in range(len(known))]
    cases = EvaluationCases.from_lists(ids, known, [[sequence[-place]] for sequence in sequences], films)
    return Interactions(users, np.concatenate(known), len(known), films), cases


def source_scores(model: trainer.TwoTowerModel, past: Interactions, cases: EvaluationCases) -> np.ndarray:
    """What the towers and the transitions say of each film, float32 [C, V, 2]; -inf for films of the history."""
    history = np.full((len(cases), LENGTH), -1)
    for row in range(len(cases)):
        latest = cases.history_of(row)[-LENGTH:]
        history[row, : len(latest)] = latest
    # One point of view a user, which sees the whole history.
    queries = model.predict({"history": history, "visible": (history >= 0)[:, np.newaxis]}, verbose=0)[:, 0]
    products = queries @ np.asarray(model.embed_items(np.arange(model.item_count))).T
    followed = Transitions(both_ways=True).fit(past).evidence(cases).toarray()
    scores = np.stack([products, np.log(followed / followed.max(axis=1, keepdims=True) + 1e-3)], axis=-1)
    scores[cases.history.owners, cases.history.values] = -np.inf
    return scores.astype(np.float32)


def main(folder: Path, epochs: int) -> None:
    """Train, learn how much each source counts, and print the table."""
    keras.utils.set_random_seed(1)
    sequences, films = read_films(folder)
    model = train_towers([sequence[:-2] for sequence in sequences], films, epochs)
    # The mixture is learned from the second-latest film, which neither towers nor counts have seen.
    past, cases = leave_out(sequences, films, place=2)
    scores = source_scores(model, past, cases)
    is_new, is_sought = np.isfinite(scores[..., 0]), np.zeros(scores.shape[:2], bool)
    is_sought[cases.targets.owners, cases.targets.values] = True
    mixture = ConditionalLogit.fit(["towers", "transitions"], scores, is_sought, is_new)

    past, cases = leave_out(sequences, films, place=1)
    scores = source_scores(model, past, cases)
    mixed = np.where(np.isfinite(scores[..., 0]), mixture.score(scores), -np.inf)
    baselines = {"most popular": MostPopular(), "transitions": Transitions()}
    rankings = {name: baseline.fit(past)(cases, 10, True) for name, baseline in baselines.items()}
    rankings |= {"towers": top_k(scores[..., 0], 10), "towers and transitions": top_k(mixed, 10)}
    print(f"{'':24}{'HR@10':>8}{'NDCG@10':>9}")
    for name, ranking in rankings.items():
        means = score_rankings(ranking.items, cases, [10]).means
        print(f"{name:24}{means['HR@10']:8.4f}{means['NDCG@10']:9.4f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/ml-100k"))
    arguments.add_argument("--epochs", type=int, default=12)
    main(**vars(arguments.parse_args()))
