from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from trainer.item_to_item import Neighbours

MATRIX = np.array([[0, 2, -3, 1], [0, 0, 0, 0], [5, 0, 0, -1], [1, 1, 1, 0]], np.float32)


def test_the_furthest_from_zero_are_kept_by_default() -> None:
    found = Neighbours.from_sparse(sp.csr_matrix(MATRIX), 2)
    assert found.rows.tolist() == [[2, 1], [-1, -1], [0, 3], [0, 1]]
    assert found.weights.tolist() == [[-3, 2], [0, 0], [5, -1], [1, 1]]
    assert found.rows.dtype == np.int32 and found.weights.dtype == np.float32


def test_the_largest_are_kept_where_asked_for() -> None:
    found = Neighbours.from_sparse(sp.csr_matrix(MATRIX), 2, by="value")
    assert found.rows.tolist() == [[1, 3], [-1, -1], [0, 3], [0, 1]]


def test_dense_blocks_fill_their_own_rows() -> None:
    columns = np.array([0, 2, 5, 6])
    found = Neighbours.from_dense(MATRIX, columns, 8, 3)
    assert found.rows[[1, 2, 3, 4, 7]].max() == -1
    assert found.rows[[0, 5, 6]].tolist() == [[5, 2, 6], [0, 6, -1], [0, 2, 5]]
    expected = np.zeros((8, 8))
    expected[np.ix_(columns, columns)] = MATRIX
    np.testing.assert_array_equal(found.matrix().toarray(), expected)


def test_all_entries_give_the_matrix_back() -> None:
    matrix = sp.random(20, 20, 0.3, format="csr", random_state=1, dtype=np.float32)
    found = Neighbours.from_sparse(matrix, 20).matrix()
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())
    assert found.has_sorted_indices


def test_saved_neighbours_come_back(tmp_path: Path) -> None:
    saved = Neighbours.from_sparse(sp.csr_matrix(MATRIX), 2)
    saved.save(tmp_path / "neighbours")
    loaded = Neighbours.load(tmp_path / "neighbours")
    np.testing.assert_array_equal(loaded.rows, saved.rows)
    np.testing.assert_array_equal(loaded.weights, saved.weights)
    assert loaded.rows.dtype == np.int32 and loaded.weights.dtype == np.float32


def test_parts_that_do_not_fit_are_refused() -> None:
    rows, weights = np.zeros((2, 3), np.int32), np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"^rows of shape \(2, 3\) and weights of \(2, 2\) do not fit together$"):
        Neighbours(rows, weights[:, :2])
    with pytest.raises(ValueError, match="^rows holds a row outside the catalogue of 2$"):
        Neighbours(rows + 2, weights)
    with pytest.raises(ValueError, match="^count is 0, expected at least 1$"):
        Neighbours.from_sparse(sp.csr_matrix(MATRIX), 0)
    with pytest.raises(ValueError, match="^count is -1, expected at least 1$"):
        Neighbours.from_dense(MATRIX, np.arange(4), 4, -1)
