from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.query_side import QuerySide
from trainer.ranker_inputs import latest_events, ranker_inputs
from trainer.retrieval_graph import RetrievalGraph

HISTORY = np.array([[3, 1, 4, 2, -1], [5, -1, -1, -1, -1], [-1, -1, -1, -1, -1], [6, 7, 8, 9, 10]], np.int32)
AGES = np.array([[9, 8, 7, -0.5, 77], [3, 77, 77, 77, 77], [77] * 5, [5, 4, 3, 2, 1]], np.float32)


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_the_latest_events_are_kept_in_order(length: int) -> None:
    rows, ages = (values.numpy() for values in latest_events(tf.constant(HISTORY), tf.constant(AGES), length))
    assert rows.shape == ages.shape == (4, min(length, 5))
    for request, (history, days) in enumerate(zip(HISTORY, AGES, strict=True)):
        known = history >= 0
        expected = history[known][-length:]
        assert rows[request, : len(expected)].tolist() == expected.tolist()
        # A clock that runs ahead makes no event one that never was.
        assert ages[request, : len(expected)].tolist() == np.maximum(days[known][-length:], 0).tolist()
        assert (rows[request, len(expected) :] == -1).all()
        assert (ages[request, len(expected) :] == -1).all()


def test_vectors_of_candidates_and_events(retrieval_graph: RetrievalGraph, make_query: Any) -> None:
    store, rows = retrieval_graph.store, tf.constant([[3, 12], [5, 0]])
    asked: QuerySide = make_query([[1, 2, 3], [4]])
    features = tf.ones((2, 2, 7))
    inputs = ranker_inputs(store, features, rows, asked, 2)
    both = np.concatenate([store.preferences.numpy(), store.texts.numpy()], axis=1)
    np.testing.assert_array_equal(inputs["candidates"], both[rows])
    np.testing.assert_array_equal(inputs["events"][0], both[[2, 3]])
    np.testing.assert_array_equal(inputs["events"][1, 0], both[4])
    assert inputs["ages"].numpy().tolist() == [[5, 4], [6, -1]]
    assert "positions" not in inputs
    assert ranker_inputs(store, features, rows, asked, 0) == {"features": features}
