"""The losses beside NumPy, straight from the equations."""

import numpy as np
import pytest

from trainer.text_training.contrastive_loss import (
    both_directions_loss,
    distribution_loss,
    margin_loss,
    multiple_negatives_loss,
    own_candidates,
)

RANDOM = np.random.default_rng(0)
QUERIES, NEGATIVES = 5, 2
SIMILARITY = RANDOM.uniform(-1, 1, (QUERIES, QUERIES * (1 + NEGATIVES))).astype(np.float32)
HIDDEN = RANDOM.random(SIMILARITY.shape) < 0.3
TEACHER, STUDENT = RANDOM.normal(size=(2, QUERIES, 4)).astype(np.float32)
EXISTS = np.ones((QUERIES, 4), bool)
EXISTS[0, 2] = EXISTS[3, 1] = False
EXISTS[4, 1:] = False


def reference(similarity: np.ndarray, hidden: np.ndarray, temperature: float) -> list[float]:
    losses = []
    for row, cosines in enumerate(similarity):
        others = [value for column, value in enumerate(cosines) if column == row or not hidden[row, column]]
        losses.append(-cosines[row] / temperature + np.log(np.sum(np.exp(np.array(others) / temperature))))
    return losses


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_multiple_negatives(temperature: float) -> None:
    actual = multiple_negatives_loss(SIMILARITY, HIDDEN, temperature)
    np.testing.assert_allclose(actual, reference(SIMILARITY, HIDDEN, temperature), rtol=1e-5, atol=1e-5)


def test_the_own_document_counts_although_it_answers() -> None:
    everything = np.ones_like(HIDDEN)
    np.testing.assert_allclose(multiple_negatives_loss(SIMILARITY, everything, 0.1), np.zeros(QUERIES), atol=1e-6)


def test_both_directions() -> None:
    backward = reference(SIMILARITY[:, :QUERIES].T, HIDDEN[:, :QUERIES].T, 0.1)
    expected = (np.array(reference(SIMILARITY, HIDDEN, 0.1)) + backward) / 2
    np.testing.assert_allclose(both_directions_loss(SIMILARITY, HIDDEN, 0.1), expected, rtol=1e-5, atol=1e-5)


def test_own_candidates_are_the_answer_and_the_negatives_of_the_query() -> None:
    columns = [[row, *(QUERIES + row * NEGATIVES + each for each in range(NEGATIVES))] for row in range(QUERIES)]
    expected = np.take_along_axis(SIMILARITY, np.array(columns), axis=1)
    np.testing.assert_array_equal(own_candidates(SIMILARITY, NEGATIVES), expected)
    assert own_candidates(HIDDEN, NEGATIVES).shape == (QUERIES, 1 + NEGATIVES)


def test_distribution_loss() -> None:
    expected = []
    for teacher, student, exists in zip(TEACHER, STUDENT, EXISTS, strict=True):
        wanted, given = (np.exp(logits[exists]) / np.exp(logits[exists]).sum() for logits in (teacher, student))
        expected.append(np.sum(wanted * np.log(wanted / given)))
    actual = np.asarray(distribution_loss(TEACHER, STUDENT, EXISTS))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    assert actual[4] == 0
    np.testing.assert_allclose(distribution_loss(TEACHER, TEACHER + 3, EXISTS), np.zeros(QUERIES), atol=1e-6)


def test_margin_loss() -> None:
    expected = []
    for teacher, student, exists in zip(TEACHER, STUDENT, EXISTS, strict=True):
        pairs = [
            ((teacher[0] - teacher[other]) - (student[0] - student[other])) ** 2
            for other in range(1, 4)
            if exists[other]
        ]
        expected.append(np.mean(pairs) if pairs else 0.0)
    np.testing.assert_allclose(margin_loss(TEACHER, STUDENT, EXISTS), expected, rtol=1e-4, atol=1e-6)
