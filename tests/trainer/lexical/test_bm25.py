from math import log

import numpy as np
import pytest
import scipy.sparse as sp

from trainer.lexical.bm25 import bm25_impacts

COUNTS = sp.csr_matrix(np.array([[2.0, 1, 0], [1, 0, 0], [1, 0, 3]]))


def test_is_the_formula_of_the_paper() -> None:
    impacts = bm25_impacts(COUNTS, k1=1.2, b=0.75).toarray()
    mean = 8 / 3
    assert impacts.shape == (3, 3)
    expected = log(1 + 0.5 / 3.5) * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean))
    assert impacts[0, 0] == pytest.approx(expected, rel=1e-6)
    expected = log(1 + 2.5 / 1.5) * 3 * 2.2 / (3 + 1.2 * (0.25 + 0.75 * 4 / mean))
    assert impacts[2, 2] == pytest.approx(expected, rel=1e-6)
    assert impacts[1, 1] == impacts[2, 0] == 0


def test_without_b_the_length_does_not_count() -> None:
    impacts = bm25_impacts(COUNTS, k1=1.2, b=0.0).toarray()
    assert impacts[0, 1] == impacts[0, 2]


@pytest.mark.parametrize(
    ("k1", "b", "message"),
    [
        (0.0, 0.75, "k1 is 0.0, expected more than 0"),
        (float("nan"), 0.75, "k1 is nan, expected more than 0"),
        (1.2, 1.5, "b is 1.5, expected a number from 0 to 1"),
        (1.2, -0.1, "b is -0.1, expected a number from 0 to 1"),
    ],
)
def test_refuses_constants_out_of_range(k1: float, b: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        bm25_impacts(COUNTS, k1, b)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0)])
def test_no_words(shape: tuple[int, int]) -> None:
    assert bm25_impacts(sp.csr_matrix(shape), 1.2, 0.75).shape == shape[::-1]
