"""`evaluate` and `recommend` of the two-tower model against NumPy."""

from typing import Any

import keras
import numpy as np
import pytest

from tests.trainer.custom_towers import Joined, SumOfVisible
from trainer.item_tables import ItemTables
from trainer.losses import SampledSoftmax
from trainer.retrieval import TwoTowerModel

ITEMS, DIMENSION, CUTOFFS = 30, 3, (1, 4, 10)


@pytest.fixture(scope="module")
def towers() -> TwoTowerModel:
    """Vectors of -1 and 1: scores are whole numbers, and 30 items have eight vectors between them."""
    keras.utils.set_random_seed(1)
    towers = SumOfVisible(rounded=True), Joined(rounded=True)
    return TwoTowerModel(*towers, SampledSoftmax(), ItemTables(ITEMS), DIMENSION)


@pytest.fixture(scope="module")
def batch() -> dict[str, np.ndarray]:
    """Histories of any length up to five; a target may be in the history, and some are padding."""
    random = np.random.default_rng(0)
    history, targets = random.integers(0, ITEMS + 1, (40, 5)), random.integers(0, ITEMS, (40, 5))
    history[np.arange(5) >= random.integers(0, 6, 40)[:, None]] = -1
    targets[random.random((40, 5)) < 0.2] = -1
    return {"history": history, "targets": targets}


def all_scores(towers: TwoTowerModel, queries: np.ndarray, history: np.ndarray, new_only: bool) -> np.ndarray:
    """[B, T, V], -inf for what may not be shown."""
    scores = queries @ towers.embed_items(np.arange(ITEMS)).numpy().T
    views = np.ndindex(*scores.shape[:2]) if new_only else ()
    for row, view in views:
        # A single point of view sees all; of several, each sees the events up to its own place.
        seen = history[row] if scores.shape[1] == 1 else history[row, : view + 1]
        scores[row, view, seen[(seen >= 0) & (seen < ITEMS)]] = -np.inf
    return scores


def expected_metrics(towers: TwoTowerModel, batch: dict[str, np.ndarray], new_only: bool) -> dict[str, float]:
    scores = all_scores(towers, towers.predict_on_batch(batch), batch["history"], new_only)
    order = np.argsort(-scores, axis=-1, kind="stable")
    ranks = np.array(
        [
            np.flatnonzero(order[row, view] == target)[0] + 1
            for (row, view), target in np.ndenumerate(batch["targets"])
            if target >= 0
        ]
    )
    hits = {f"HR@{k}": float((ranks <= k).mean()) for k in CUTOFFS}
    return hits | {f"NDCG@{k}": float(np.where(ranks <= k, 1 / np.log2(1 + ranks), 0).mean()) for k in CUTOFFS}


@pytest.mark.parametrize("new_only", [False, True])
def test_metrics_agree_with_numpy_with_ties_in_catalogue_order(
    towers: TwoTowerModel, batch: dict[str, np.ndarray], new_only: bool
) -> None:
    towers.compile(cutoffs=CUTOFFS, new_only=new_only)
    expected = expected_metrics(towers, batch, new_only)
    # The last batch is smaller than the others.
    measured = towers.evaluate(batch, batch_size=12, verbose=0, return_dict=True)
    assert set(measured) == {"loss", *expected}
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    again = towers.evaluate(batch, batch_size=40, verbose=0, return_dict=True)
    assert {name: again[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_the_test_sees_ties_and_known_targets(towers: TwoTowerModel, batch: dict[str, np.ndarray]) -> None:
    assert expected_metrics(towers, batch, False) != expected_metrics(towers, batch, True)
    scores = all_scores(towers, towers.predict_on_batch(batch), batch["history"], False)
    assert max(len(np.unique(row)) for row in scores.reshape(-1, ITEMS)) <= 8


def test_training_shows_the_loss_alone_and_validation_the_metrics(
    towers: TwoTowerModel, batch: dict[str, np.ndarray]
) -> None:
    towers.compile(optimizer="sgd", cutoffs=(2,))
    fitted = towers.fit(batch, validation_data=(batch,), batch_size=20, epochs=2, verbose=0)
    assert set(fitted.history) == {"loss", "val_loss", "val_HR@2", "val_NDCG@2"}


def test_metrics_start_anew_with_each_evaluation(towers: TwoTowerModel, batch: dict[str, np.ndarray]) -> None:
    towers.compile(cutoffs=(3,))
    few = {name: values[:4] for name, values in batch.items()}
    first = towers.evaluate(few, verbose=0)
    other = towers.evaluate(batch, verbose=0)
    assert np.abs(np.subtract(first, other)).min() > 1e-5
    np.testing.assert_allclose(towers.evaluate(few, verbose=0), first, rtol=1e-6)


@pytest.mark.parametrize("new_only", [False, True])
def test_recommend_is_the_exact_ranking_after_the_last_event(
    towers: TwoTowerModel, batch: dict[str, np.ndarray], new_only: bool
) -> None:
    history = batch["history"]
    rows, scores = towers.recommend({"history": history}, k=7, new_only=new_only)
    asked: dict[str, Any] = {"history": history, "visible": (history >= 0)[:, None, :]}
    expected = all_scores(towers, towers.predict_on_batch(asked), history, new_only)[:, 0]
    order = np.argsort(-expected, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_allclose(scores, np.take_along_axis(expected, order, axis=1))
    assert (rows.shape, rows.dtype, scores.dtype) == ((40, 7), np.int32, np.float32)


def test_recommend_marks_places_for_which_no_new_item_is_left(towers: TwoTowerModel) -> None:
    history = np.stack([np.arange(ITEMS), np.full(ITEMS, -1)])
    history[0, [4, 9]] = history[0, 0]
    rows, scores = towers.recommend({"history": history}, k=ITEMS, new_only=True)
    assert rows.dtype == np.int32
    assert sorted(rows[0, :2]) == [4, 9] and np.isfinite(scores[0, :2]).all()
    assert (rows[0, 2:] == -1).all() and (scores[0, 2:] == -np.inf).all()
    assert sorted(rows[1]) == list(range(ITEMS)) and np.isfinite(scores[1]).all()
    everything = np.arange(ITEMS)[np.newaxis]
    assert (towers.recommend({"history": everything}, k=3, new_only=True)[0] == -1).all()
    assert (towers.recommend({"history": everything}, k=3)[0] >= 0).all()


def test_recommend_does_not_look_at_visible(towers: TwoTowerModel, batch: dict[str, np.ndarray]) -> None:
    history = batch["history"]
    blind = {"history": history, "visible": np.zeros((40, 1, 5), bool)}
    np.testing.assert_array_equal(towers.recommend(blind, 5)[0], towers.recommend({"history": history}, 5)[0])
