import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from trainer.item_to_item import history_matrix, history_scores

HISTORIES = np.array([[2, 0, 2], [-1, 1, -1], [-1, -1, -1]], np.int32)
WEIGHTS = np.array([[1, 2, 4], [8, 3, 8], [1, 1, 1]], np.float32)


def test_positions_of_an_item_add_up_and_pads_do_not_count() -> None:
    found = history_matrix(HISTORIES, WEIGHTS, 4)
    assert found.toarray().tolist() == [[2, 0, 5, 0], [0, 3, 0, 0], [0, 0, 0, 0]]
    assert found.dtype == np.float32


@pytest.mark.parametrize("sparse", [False, True])
def test_scores_are_sums_over_the_history(sparse: bool) -> None:
    matrix = np.random.default_rng(0).integers(-4, 5, (4, 4)).astype(np.float32)
    expected = np.zeros((3, 4))
    for case, (rows, weights) in enumerate(zip(HISTORIES, WEIGHTS, strict=True)):
        for row, weight in zip(rows, weights, strict=True):
            expected[case] += weight * matrix[row] if row >= 0 else 0
    scores = history_scores(history_matrix(HISTORIES, WEIGHTS, 4), sp.csr_matrix(matrix) if sparse else matrix)
    np.testing.assert_array_equal(scores, expected)
    assert scores.dtype == np.float32


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^rows of shape \(3, 3\) and weights of shape \(2, 3\) do not fit together$"):
        history_matrix(HISTORIES, WEIGHTS[:2], 4)
    with pytest.raises(ValueError, match="^rows holds 2, expected less than the 2 items$"):
        history_matrix(HISTORIES, WEIGHTS, 2)
    with pytest.raises(ValueError, match="^matrix has 3 rows, expected the 4 items of the history$"):
        history_scores(history_matrix(HISTORIES, WEIGHTS, 4), np.eye(3, dtype=np.float32))


def test_the_package_imports_no_tensorflow() -> None:
    program = "import sys, trainer.item_to_item, trainer.conditional_logit; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
