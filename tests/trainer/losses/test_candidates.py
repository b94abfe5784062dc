import keras
import numpy as np
import pytest
from keras import ops

from trainer.losses.candidates import Candidates, dot_products, is_among, known_positives

KNOWN = np.array([[2, 5, -1], [7, -1, -1]])


def test_rows_that_all_queries_share_are_looked_up_for_each() -> None:
    found = np.asarray(is_among(np.array([5, 7, 2, 9]), KNOWN))
    assert found.tolist() == [[True, False, True, False], [False, True, False, False]]


def test_rows_of_a_query_are_looked_up_for_it_alone() -> None:
    found = np.asarray(is_among(np.array([[5, 7], [5, 7]], np.int64), KNOWN))
    assert found.tolist() == [[True, False], [False, True]]


def test_the_target_is_a_known_positive() -> None:
    targets = Candidates(np.zeros((2, 1), np.float32), np.array([4, 6]), np.zeros(2, np.float32))
    assert np.asarray(known_positives(targets, None)).tolist() == [[4], [6]]
    assert np.asarray(known_positives(targets, np.array([[1, -1], [2, 3]]))).tolist() == [[4, 1, -1], [6, 2, 3]]


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)])
def test_dot_products_are_float32(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    queries, vectors = random.normal(size=(2, 3)), random.normal(size=shape)
    found = dot_products(ops.cast(queries, "bfloat16"), ops.cast(vectors, "bfloat16"))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    expected = [queries[n] @ (vectors if len(shape) == 2 else vectors[n]).T for n in range(2)]
    np.testing.assert_allclose(found, expected, atol=0.05)
