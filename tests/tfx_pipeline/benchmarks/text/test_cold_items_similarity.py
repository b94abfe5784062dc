"""Similarity of content to a history, against loops."""

import numpy as np
import pytest
import scipy.sparse as sp

from tfx_pipeline.benchmarks.text.cold_items_similarity import ContentSimilarity, History, cosines
from tfx_pipeline.evaluation.cases import EvaluationCases

HISTORIES = [[0, 3, 0], [], [4]]
CASES = EvaluationCases.from_lists(list("abc"), HISTORIES, [[0]] * 3, 5)


def vectors() -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_cosines_of_sparse_vectors_are_those_of_dense_ones() -> None:
    np.testing.assert_allclose(cosines(sp.csr_matrix(vectors())), cosines(vectors()), atol=1e-6)


@pytest.mark.parametrize("history", ["sum", "largest", "latest"])
def test_scores(history: History) -> None:
    table = cosines(vectors())
    scores = ContentSimilarity("near", table, history, 0.5).scores(CASES)["near"]
    for case, items in enumerate(HISTORIES):
        weighted = [0.5**age * table[item] for age, item in enumerate(reversed(items))]
        if not items:
            expected = np.zeros(5)
        elif history == "sum":
            expected = np.sum(weighted, axis=0)
        elif history == "largest":
            expected = np.maximum(np.max(weighted, axis=0), 0)
        else:
            expected = weighted[0]
        np.testing.assert_allclose(scores[case], expected, atol=1e-6)
