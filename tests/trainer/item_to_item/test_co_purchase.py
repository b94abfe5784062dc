import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.item_to_item import co_purchase, co_purchase_cosines


def by_pairs(matrix: np.ndarray, count: int, damping: float, shrinkage: float) -> np.ndarray:
    items = matrix.shape[1]
    kept = np.zeros((items, items))
    for j in range(items):
        cosines = np.zeros(items)
        for i in range(items):
            both = int(((matrix[:, j] > 0) & (matrix[:, i] > 0)).sum())
            if i != j and both:
                lengths = np.sqrt((matrix[:, j] ** 2).sum() + damping) * np.sqrt((matrix[:, i] ** 2).sum() + damping)
                cosines[i] = matrix[:, j] @ matrix[:, i] / lengths * both / (both + shrinkage)
        best = np.argsort(-np.round(cosines, 6), kind="stable")[:count]
        kept[j, best] = cosines[best]
    return kept


@given(seed=st.integers(0, 9_999), damping=st.sampled_from([0.0, 2.5]), shrinkage=st.sampled_from([0.0, 3.0]))
@settings(max_examples=40, deadline=None)
def test_cosines_are_those_of_the_columns(seed: int, damping: float, shrinkage: float) -> None:
    random = np.random.default_rng(seed)
    matrix = (random.random((9, 7)) * (random.random((9, 7)) < 0.4)).astype(np.float32)
    found = co_purchase_cosines(sp.csr_matrix(matrix), 3, damping, shrinkage)
    kept, everything = found.toarray(), by_pairs(matrix, 7, damping, shrinkage)
    np.testing.assert_allclose(kept[kept != 0], everything[kept != 0], atol=1e-5)
    # Which of two equal cosines stays is a matter of rounding: columns with one entry in the same row are equal.
    np.testing.assert_allclose(np.sort(kept, axis=1)[:, -3:], np.sort(everything, axis=1)[:, -3:], atol=1e-5)
    assert (np.count_nonzero(kept, axis=1) <= 3).all()
    assert found.has_sorted_indices


def test_a_worked_example() -> None:
    matrix = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 0]], np.float32))
    found = co_purchase_cosines(matrix, shrinkage=2.0).toarray()
    np.testing.assert_allclose(found[0], [0, 2 / np.sqrt(8) / 2, 1 / 2 / 3], rtol=1e-6)
    assert found[1, 2] == 0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = sp.random(40, 30, 0.2, format="csr", random_state=0, dtype=np.float32)
    whole = co_purchase_cosines(matrix, 5, 1.0, 2.0)
    monkeypatch.setattr(co_purchase, "_ENTRIES_AT_ONCE", 100)
    np.testing.assert_array_equal(co_purchase_cosines(matrix, 5, 1.0, 2.0).toarray(), whole.toarray())


def test_explicit_zeros_are_no_purchases_and_the_input_stays() -> None:
    matrix = sp.csr_matrix(np.ones((2, 2), np.float32))
    matrix.data[0] = 0
    assert co_purchase_cosines(matrix, shrinkage=1.0)[0, 1] == pytest.approx(1 / np.sqrt(2) / 2)
    assert matrix.nnz == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count is 0, expected at least 1"),
        ({"damping": -1.0}, r"damping is -1\.0, expected at least 0"),
        ({"shrinkage": -2.0}, r"shrinkage is -2\.0, expected at least 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        co_purchase_cosines(sp.csr_matrix(np.eye(2, dtype=np.float32)), **arguments)  # type: ignore[arg-type]
