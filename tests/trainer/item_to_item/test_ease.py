import numpy as np
import pytest
import scipy.sparse as sp

from trainer.item_to_item import ease


@pytest.fixture
def matrix() -> sp.csr_matrix:
    return sp.random(30, 8, 0.3, format="csr", random_state=3, dtype=np.float32)


def least_squares(matrix: np.ndarray, weights: np.ndarray, regularisation: float) -> np.ndarray:
    """Each column of B by itself: ridge regression on all other items, weighted by user."""
    items = matrix.shape[1]
    solution = np.zeros((items, items))
    root = np.sqrt(weights)[:, np.newaxis]
    for item in range(items):
        others = np.arange(items) != item
        inputs = np.vstack([matrix[:, others] * root, np.sqrt(regularisation) * np.eye(items - 1)])
        targets = np.concatenate([matrix[:, item] * root[:, 0], np.zeros(items - 1)])
        solution[others, item] = np.linalg.lstsq(inputs, targets, rcond=None)[0]
    return solution


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("regularisation", [0.5, 20.0])
def test_each_column_is_a_ridge_regression_on_the_other_items(
    matrix: sp.csr_matrix, regularisation: float, weighted: bool
) -> None:
    weights = np.random.default_rng(0).uniform(0, 2, 30) if weighted else None
    columns, found = ease(matrix, regularisation, row_weights=weights)
    assert columns.tolist() == list(range(8)) and found.dtype == np.float32
    expected = least_squares(matrix.toarray(), np.ones(30) if weights is None else weights, regularisation)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_user_of_weight_2_is_two_users(matrix: sp.csr_matrix) -> None:
    weights = np.array([1.0, 2.0] * 15)
    twice = sp.vstack([matrix, matrix[1::2]]).tocsr()
    np.testing.assert_allclose(ease(matrix, 1.0, row_weights=weights)[1], ease(twice, 1.0)[1], atol=1e-5)


def test_only_the_items_with_the_most_users_take_part() -> None:
    matrix = sp.csr_matrix(np.array([[1, 0, 1, 1, 0], [1, 0, 0, 1, 1], [0, 0, 0, 1, 0]], np.float32))
    columns, found = ease(matrix, 1.0, items=3)
    assert columns.tolist() == [0, 2, 3]
    np.testing.assert_allclose(found, ease(matrix[:, columns], 1.0)[1])
    assert ease(matrix, 1.0)[0].tolist() == [0, 2, 3, 4]


def test_no_items_give_no_weights() -> None:
    columns, found = ease(sp.csr_matrix((3, 4), dtype=np.float32), 1.0)
    assert columns.shape == (0,) and found.shape == (0, 0)


@pytest.mark.parametrize(
    ("regularisation", "weights", "message"),
    [
        (-50.0, None, r"regularisation -50\.0 is too small to invert X'X"),
        (1.0, np.ones(3), r"row_weights has shape \(3,\), expected \(30,\)"),
        (1.0, np.full(30, -1.0), r"row_weights holds -1\.0, expected at least 0"),
    ],
)
def test_bad_arguments_are_refused(
    matrix: sp.csr_matrix, regularisation: float, weights: np.ndarray | None, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        ease(matrix, regularisation, row_weights=weights)
