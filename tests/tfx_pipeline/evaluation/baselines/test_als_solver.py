import numpy as np
import pytest
import scipy.sparse as sp

from tfx_pipeline.evaluation.baselines.als_solver import added_confidence, solve_rows

ROWS, COLUMNS = 60, 40


def drawn(density: float) -> sp.csr_matrix:
    random = np.random.default_rng(2)
    matrix = random.random((ROWS, COLUMNS)) * (random.random((ROWS, COLUMNS)) < density) * 9
    return sp.csr_matrix(matrix.astype(np.float32))


def dense_solution(added: np.ndarray, factors: np.ndarray, regularisation: float) -> np.ndarray:
    """Equation 4 of the paper, row by row: (Y' C Y + regularisation I)^-1 Y' C p."""
    rows = []
    for row in added.astype(np.float64):
        confidence = np.diag(1 + row)
        left = factors.T @ confidence @ factors + regularisation * np.eye(factors.shape[1])
        rows.append(np.linalg.solve(left, factors.T @ confidence @ (row > 0)))
    return np.array(rows)


@pytest.mark.parametrize("width", [3, 12, 64])
@pytest.mark.parametrize("density", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("regularisation", [0.1, 20.0])
def test_rows_are_solved_as_in_the_paper(density: float, width: int, regularisation: float) -> None:
    factors = np.random.default_rng(1).normal(0, 0.3, (COLUMNS, width)).astype(np.float32)
    added = drawn(density)
    expected = dense_solution(added.toarray(), factors.astype(np.float64), regularisation)
    np.testing.assert_allclose(solve_rows(added, factors, regularisation), expected, rtol=2e-2, atol=2e-3)


def test_a_row_without_entries_is_zero() -> None:
    factors = np.ones((COLUMNS, 4), np.float32)
    assert not solve_rows(sp.csr_matrix((3, COLUMNS), dtype=np.float32), factors, 1.0).any()


def test_counts_add_their_logarithm_to_the_confidence() -> None:
    counts = sp.csr_matrix(np.array([[0, 1], [3, 0]], np.float32))
    np.testing.assert_allclose(added_confidence(counts, 2.0).toarray(), 2 * np.log([[1, 2], [4, 1]]), rtol=1e-6)
    assert counts.data.tolist() == [1, 3]
