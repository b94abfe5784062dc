import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.metrics import NDCG, HitRate, RankingMetric, ranking_metrics, target_ranks, without_items

SCORES = st.lists(st.lists(st.integers(-2, 2), min_size=6, max_size=6), min_size=1, max_size=4)
"""Few values, so that many items tie."""


def rank_of(scores: np.ndarray, target: int) -> int:
    order = np.argsort(-scores, kind="stable")
    return int(np.flatnonzero(order == target)[0]) + 1


@settings(deadline=None, max_examples=60)
@given(SCORES, st.data())
def test_ranks_agree_with_a_stable_sort(rows: list[list[int]], data: st.DataObject) -> None:
    scores = np.array(rows, np.float32)
    targets = np.array([data.draw(st.integers(0, 5)) for _ in rows])
    ranks = keras.ops.convert_to_numpy(target_ranks(scores, targets))
    assert ranks.dtype == np.float32
    assert ranks.tolist() == [rank_of(row, target) for row, target in zip(scores, targets, strict=True)]


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_targets_of_any_whole_type(kind: type) -> None:
    ranks = target_ranks(np.array([[1, 3, 2], [1, 3, 2]], np.float32), np.array([0, 2], kind))
    assert keras.ops.convert_to_numpy(ranks).tolist() == [3, 2]


@settings(deadline=None, max_examples=60)
@given(SCORES, st.data())
def test_excluded_items_stand_behind_all_others(rows: list[list[int]], data: st.DataObject) -> None:
    scores = np.array(rows, np.float32)
    width = data.draw(st.integers(0, 5))
    # -1 pads, 6 is the unknown item; an item may be named twice.
    excluded = np.array([data.draw(st.lists(st.integers(-1, 6), min_size=width, max_size=width)) for _ in rows])
    excluded = excluded.reshape(len(rows), width).astype(np.int64)
    left = keras.ops.convert_to_numpy(without_items(scores, excluded))
    for row, hidden in enumerate(excluded):
        stay = ~np.isin(np.arange(6), hidden)
        np.testing.assert_array_equal(left[row][stay], scores[row][stay])
        assert (left[row][~stay] < scores.min()).all()
        if stay.any():
            order = np.argsort(-left[row], kind="stable")
            assert stay[order[: stay.sum()]].all()


RANKS, WEIGHTS = np.array([1, 2, 3, 7, 1], np.float32), np.array([1, 1, 2, 1, 0], np.float32)


@pytest.mark.parametrize(
    ("metric", "gains"),
    [
        (HitRate(1), [1, 0, 0, 0, 1]),
        (HitRate(3), [1, 1, 1, 0, 1]),
        (NDCG(1), [1, 0, 0, 0, 1]),
        (NDCG(3), [1, 1 / np.log2(3), 1 / 2, 0, 1]),
        (NDCG(7), [1, 1 / np.log2(3), 1 / 2, 1 / 3, 1]),
    ],
)
def test_gains_and_their_weighted_mean(metric: RankingMetric, gains: list[float]) -> None:
    np.testing.assert_allclose(keras.ops.convert_to_numpy(metric.gain(RANKS)), gains, rtol=1e-6)
    metric.reset_state()
    metric.update_state(RANKS[:2], WEIGHTS[:2])
    metric.update_state(RANKS[2:], WEIGHTS[2:])
    assert float(metric.result()) == pytest.approx(np.average(gains, weights=WEIGHTS), rel=1e-6)


def test_metrics_of_the_cutoffs_by_name() -> None:
    metrics = ranking_metrics([5, 20])
    assert [metric.name for metric in metrics] == ["HR@5", "HR@20", "NDCG@5", "NDCG@20"]
    assert [metric.k for metric in metrics] == [5, 20, 5, 20]  # type: ignore[attr-defined]


def test_a_target_that_is_no_item_is_never_found() -> None:
    scores = np.array([[0.1, 0.9, 0.5]] * 3, np.float32)
    assert np.asarray(target_ranks(scores, np.array([3, -1, 1]))).tolist() == [np.inf, np.inf, 1]
