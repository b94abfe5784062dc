import numpy as np
import pytest
import scipy.sparse as sp

from trainer.item_to_item import EaseScores, ease


@pytest.mark.parametrize(("users", "items"), [(7, 20), (20, 7), (12, 12)])
@pytest.mark.parametrize("regularisation", [0.5, 30.0])
def test_scores_are_those_of_the_items_solution(users: int, items: int, regularisation: float) -> None:
    generator = np.random.default_rng(users)
    matrix = sp.csr_matrix((generator.random((users, items)) < 0.3).astype(np.float32))
    history = sp.csr_matrix(generator.random((5, items)) * (generator.random((5, items)) < 0.4), dtype=np.float32)
    columns, weights = ease(matrix, regularisation)
    expected = np.zeros((5, items))
    expected[:, columns] = history.toarray()[:, columns] @ weights
    actual = EaseScores.fit(matrix, regularisation).scores(history)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=2e-5)


def test_users_without_items_change_nothing() -> None:
    matrix = sp.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    padded = sp.vstack([matrix, sp.csr_matrix((3, 3), dtype=np.float32)]).tocsr()
    fitted = EaseScores.fit(padded, 1.0)
    assert fitted.inverse.shape == (2, 2)
    np.testing.assert_array_equal(fitted.scores(matrix), EaseScores.fit(matrix, 1.0).scores(matrix))


def test_wrong_arguments() -> None:
    matrix = sp.csr_matrix(np.eye(2, dtype=np.float32))
    with pytest.raises(ValueError, match=r"^regularisation is 0, expected more than 0$"):
        EaseScores.fit(matrix, 0)
    with pytest.raises(ValueError, match=r"^history has 3 items, expected 2$"):
        EaseScores.fit(matrix, 1.0).scores(sp.csr_matrix((1, 3), dtype=np.float32))
