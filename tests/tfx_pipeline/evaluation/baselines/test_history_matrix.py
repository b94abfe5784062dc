import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines.history_matrix import binary, history_matrix, training_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

CASES = EvaluationCases.from_lists(["a", "b", "c"], [[1, 0, 1], [], [2]], [[]] * 3, 3)


def test_repeats_add_up() -> None:
    assert history_matrix(CASES).toarray().tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]


def test_weights_add_up_to_the_ceiling_at_most() -> None:
    halves = Recency(days=None, decay=0.5)
    assert history_matrix(CASES, halves).toarray()[0].tolist() == [0.5, 1.25, 0]
    assert history_matrix(CASES, halves, ceiling=1.0).toarray()[0].tolist() == [0.5, 1, 0]


def test_positions_of_no_weight_leave() -> None:
    matrix = history_matrix(CASES, Recency(days=None, decay=0.001))
    assert matrix.toarray()[0].tolist() == pytest.approx([0.001, 1, 0])


def test_the_training_matrix_counts_events() -> None:
    interactions = Interactions(np.array([0, 0, 2]), np.array([1, 1, 0]), 3, 2)
    matrix = training_matrix(interactions)
    assert matrix.toarray().tolist() == [[0, 2], [0, 0], [1, 0]]
    assert binary(matrix).toarray().tolist() == [[0, 1], [0, 0], [1, 0]]
