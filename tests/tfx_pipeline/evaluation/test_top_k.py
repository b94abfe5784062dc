import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.evaluation.top_k import top_k, top_k_of_vectors


def check(scores: np.ndarray, k: int) -> None:
    ranked = top_k(scores, k)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    filled = order.shape[1]
    assert ranked.items.dtype == np.int32 and ranked.scores is not None and ranked.scores.dtype == np.float32
    assert np.array_equal(ranked.items[:, :filled], np.where(sorted_scores > -np.inf, order, -1))
    assert np.array_equal(ranked.scores[:, :filled], sorted_scores)
    assert (ranked.items[:, filled:] == -1).all() and (ranked.scores[:, filled:] == -np.inf).all()


@given(
    cases=st.integers(1, 4),
    items=st.integers(1, 700),
    k=st.integers(1, 20),
    levels=st.sampled_from([1, 2, 5, 100, 1_000_000]),
    masked=st.sampled_from([0.0, 0.5, 0.99, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equal_to_a_stable_sort(cases: int, items: int, k: int, levels: int, masked: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-levels, levels, (cases, items)).astype(np.float32)
    scores[random.random(scores.shape) < masked] = -np.inf
    check(scores, k)


@pytest.mark.parametrize("k", [17, 600])
@pytest.mark.parametrize("levels", [1, 3, 1000, 10_000_000])
def test_a_large_catalogue(levels: int, k: int) -> None:
    scores = np.random.default_rng(1).integers(0, levels, (3, 20_011)).astype(np.float32)
    check(scores, k)
    check(np.sort(scores, axis=1), k)


def test_scores_at_the_ends_of_float32() -> None:
    lowest, highest = np.finfo(np.float32).min, np.finfo(np.float32).max
    check(np.array([[lowest, -np.inf, lowest, np.inf, highest, -0.0, 0.0]], np.float32), 6)


def test_wider_scores_tie_as_they_come_back() -> None:
    ranked = top_k(np.array([[1.0, 1.0 + 1e-12, 2.0]]), 3)
    assert ranked.items.tolist() == [[2, 0, 1]]


def test_a_list_is_shorter_than_k() -> None:
    ranked = top_k(np.array([[0.5, -np.inf, 0.75]], np.float32), 4)
    assert ranked.items.tolist() == [[2, 0, -1, -1]]
    assert ranked.scores is not None and ranked.scores.tolist() == [[0.75, 0.5, -np.inf, -np.inf]]


@pytest.mark.parametrize("shape", [(0, 5), (2, 0)])
def test_nothing_to_rank(shape: tuple[int, int]) -> None:
    assert top_k(np.zeros(shape, np.float32), 3).items.tolist() == [[-1, -1, -1]] * shape[0]


@pytest.mark.parametrize(
    ("scores", "k", "message"),
    [
        (np.zeros((1, 2), np.float32), 0, "k is 0, expected at least 1"),
        (np.zeros(2, np.float32), 1, "scores must be two-dimensional floats, not float32 of shape (2,)"),
        (np.zeros((1, 2), np.int64), 1, "scores must be two-dimensional floats, not int64 of shape (1, 2)"),
        (np.array([[0, 1], [2, np.nan]], np.float32), 1, "case row 1: the score of item row 1 is NaN"),
    ],
)
def test_invalid_scores(scores: np.ndarray, k: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        top_k(scores, k)
    assert str(error.value) == message


# Small whole numbers make dot products exact, whatever the order of summation.
RANDOM = np.random.default_rng(2)
QUERIES = RANDOM.integers(-3, 4, (11, 4)).astype(np.float32)
ITEMS = RANDOM.integers(-3, 4, (500, 4)).astype(np.float32)


def same(a: Rankings, b: Rankings) -> bool:
    assert a.scores is not None and b.scores is not None
    return np.array_equal(a.items, b.items) and np.array_equal(a.scores, b.scores)


@pytest.mark.parametrize("batch", [1, 4, 11, 64])
def test_batches_change_nothing(batch: int) -> None:
    assert same(top_k_of_vectors(QUERIES, ITEMS, 9, batch=batch), top_k(QUERIES @ ITEMS.T, 9))


@pytest.mark.parametrize("batch", [3, 64])
def test_excluded_items_leave_their_case_only(batch: int) -> None:
    lists = [RANDOM.integers(0, 500, size).tolist() for size in (0, 400, *range(1, 10))]
    scores = QUERIES @ ITEMS.T
    for case, items in enumerate(lists):
        scores[case, items] = -np.inf
    assert same(top_k_of_vectors(QUERIES, ITEMS, 9, Ragged.from_lists(lists), batch), top_k(scores, 9))


@pytest.mark.parametrize(
    ("items", "excluded", "batch", "message"),
    [
        (ITEMS, None, 0, "batch is 0, expected at least 1"),
        (ITEMS[:, :3], None, 4, "queries of shape (11, 4) and items of shape (500, 3) do not fit together"),
        (ITEMS, [[1]], 4, "1 lists of excluded items, expected one for each of 11 queries"),
        (ITEMS, [[500]] * 11, 4, "an excluded item row is outside the catalogue of 500"),
        (ITEMS * np.float32(np.nan), None, 4, "cases 0 to 3: case row 0: the score of item row 0 is NaN"),
    ],
)
def test_invalid_vectors(items: np.ndarray, excluded: list[list[int]] | None, batch: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        top_k_of_vectors(QUERIES, items, 3, Ragged.from_lists(excluded) if excluded else None, batch)
    assert str(error.value) == message
