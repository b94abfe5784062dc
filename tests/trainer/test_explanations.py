"""Explanations against values by hand: a linear ranker, four items on two axes, and candidates from five sources."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.candidates import SOURCES, Candidates
from trainer.explanations import (
    FEATURE_COUNT,
    SIMILAR_COUNT,
    Explainer,
    occlusion,
    similar_history,
    sources_of,
    usual_features,
)
from trainer.query_side import QuerySide

WEIGHTS = np.array([2.0, -1.0, 0.5], np.float32)
UNKNOWN = 4


def linear(features: tf.Tensor) -> tf.Tensor:
    return tf.linalg.matvec(features, WEIGHTS)


def test_contributions_of_a_linear_ranker_are_weight_times_difference_and_add_up() -> None:
    random = np.random.default_rng(0)
    features, usual = (random.normal(size=shape).astype(np.float32) for shape in ((3, 5, 3), (3, 3)))
    contributions = occlusion(linear, tf.constant(features), tf.constant(usual)).numpy()
    np.testing.assert_allclose(contributions, (features - usual[:, None, :]) * WEIGHTS, atol=1e-5)
    falls = (linear(features) - linear(usual[:, None, :])).numpy()
    np.testing.assert_allclose(contributions.sum(axis=2), falls, atol=1e-5)


def test_contributions_of_a_product_need_not_add_up() -> None:
    features, usual = tf.constant([[[3.0, 5.0]]]), tf.constant([[1.0, 2.0]])
    contributions = occlusion(lambda values: tf.reduce_prod(values, axis=2), features, usual)
    assert contributions.numpy().tolist() == [[[15 - 5, 15 - 6]]]


def test_the_usual_is_the_mean_of_the_candidates_that_exist() -> None:
    features = tf.constant([[[1.0, 0.1], [3.0, 0.1], [99.0, 0.1]], [[5.0, 7.0], [1.0, 1.0], [1.0, 1.0]]])
    valid = tf.constant([[True, True, False], [False, False, False]])
    usual = usual_features(features, valid).numpy()
    assert usual.tolist() == [[2.0, np.float32(0.1)], [5.0, 7.0]]


@pytest.fixture
def store() -> Any:
    """Preferences east, east, north, south; the texts of 0 and 2 agree, 1 has another, 3 has none."""
    preferences = tf.constant([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.6, 0.8]])
    texts = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    return SimpleNamespace(preferences=preferences, texts=texts, item_count=UNKNOWN)


@pytest.mark.parametrize(
    ("history", "row", "similar", "scores"),
    [
        ([1, 2], 0, [1, 2], [0.5, 0.5]),
        ([2, 1], 0, [2, 1], [0.5, 0.5]),
        ([0, 0, 0], 2, [0], [0.5]),
        ([0, 1], 0, [1], [0.5]),
        ([3, 2], 0, [2], [0.5]),
        ([3, 0], 1, [0], [0.5]),
        ([3, 2], 3, [], []),
        ([], 0, [], []),
        ([0, 1, 2, 3], UNKNOWN, [], []),
    ],
)
def test_similar_items_of_the_history(
    store: Any, history: list[int], row: int, similar: list[int], scores: list[float]
) -> None:
    padded = tf.constant([history + [-1] * (6 - len(history))])
    rows, cosines = similar_history(store, padded, tf.constant([[row]]))
    missing = SIMILAR_COUNT - len(similar)
    assert rows.numpy().tolist() == [[similar + [UNKNOWN] * missing]]
    np.testing.assert_allclose(cosines, [[scores + [0.0] * missing]], atol=1e-6)


def test_without_a_text_the_preference_alone_counts() -> None:
    vectors = tf.constant([[1.0, 0.0], [0.8, 0.6], [0.0, 0.0]])
    store: Any = SimpleNamespace(preferences=vectors, texts=tf.constant([[1.0], [0.0], [0.0]]), item_count=2)
    _, scores = similar_history(store, tf.constant([[1]]), tf.constant([[0]]))
    np.testing.assert_allclose(scores[0, 0, 0], 0.8, atol=1e-6)


def test_more_history_than_there_is_room_for(store: Any) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(41, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[40] = 0
    many: Any = SimpleNamespace(preferences=tf.constant(vectors, tf.float32), texts=tf.zeros([41, 2]), item_count=40)
    history = random.integers(-1, 40, size=(7, 30)).astype(np.int32)
    rows = random.integers(0, 40, size=(7, 9)).astype(np.int32)
    found = similar_history(many, tf.constant(history), tf.constant(rows))
    similar, scores = (part.numpy() for part in found)
    for request, position in np.ndindex(7, 9):
        row = rows[request, position]
        past = {int(item) for item in history[request] if item >= 0} - {int(row)}
        expected = sorted((-(vectors[row] @ vectors[item]), item) for item in past)[:SIMILAR_COUNT]
        assert similar[request, position].tolist() == [item for _, item in expected]
        np.testing.assert_allclose(scores[request, position], [-score for score, _ in expected], atol=1e-5)


@pytest.fixture
def candidates() -> Candidates:
    return Candidates(
        rows=tf.constant([[0, 2, 0, 3], [1, 1, 1, 2]]),
        valid=tf.constant([[True, True, False, False], [False, True, False, True]]),
        sources=tf.constant([[0, 1, 3, 4], [0, 2, 3, 4]]),
    )


def test_the_source_is_that_of_the_candidate_that_counts(candidates: Candidates) -> None:
    rows = tf.constant([[2, 0, 3, -1, UNKNOWN], [0, 1, 2, -1, UNKNOWN]])
    names = [[name.decode() for name in row] for row in sources_of(candidates, rows).numpy()]
    assert names == [[SOURCES[1], SOURCES[0], "", "", ""], ["", SOURCES[2], SOURCES[4], "", ""]]


class Words:
    """Finds the query itself in item 1."""

    def matching_words(self, queries: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return tf.where(rows == 1, queries[:, tf.newaxis], "")


@pytest.fixture
def explain(store: Any, candidates: Candidates) -> Callable[..., dict[str, np.ndarray]]:
    """A function from features by row, a ranker and items to explanations for two requests."""

    def explain(table: list[list[float]], utility: Any, rows: list[list[int]]) -> dict[str, np.ndarray]:
        def features(asked: QuerySide, rows: tf.Tensor) -> tf.Tensor:
            return tf.gather(tf.constant(table), rows)

        named: Any = features
        named.names = tuple(f"feature_{number}" for number in range(len(table[0])))
        retrieval: Any = SimpleNamespace(
            store=store,
            features=named,
            lexical=Words(),
            candidates=SimpleNamespace(collect=lambda asked, allowed: candidates),
            allowed_without=lambda excluded: tf.fill([2, 5], excluded.shape[1] == 0),
        )
        ids = tf.Variable(["east", "other", "north", "south", ""])
        history = tf.constant([[0, 1, 0, -1], [2, -1, -1, -1]])
        ages = tf.constant([[9.0, 4.0, 2.5, -1.0], [7.0, -1, -1, -1]])
        asked: Any = SimpleNamespace(history=history, ages=ages)

        def of_items(told: QuerySide, items: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
            assert told is asked
            assert items.shape == features.shape[:2]
            return utility(features)

        outputs = Explainer(retrieval, of_items, ids).explain(asked, tf.constant(["oak", ""]), tf.constant(rows))
        return {name: value.numpy() for name, value in outputs.items()}

    return explain


def test_an_explanation_by_hand(explain: Callable[..., dict[str, np.ndarray]]) -> None:
    # The candidates of the first request are items 0 and 2, with the mean (2, 2, 2).
    table = [[3.0, 1.0, 2.0], [5.0, 2.0, 2.0], [1.0, 3.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    outputs = explain(table, linear, [[0, 1, -1, UNKNOWN], [2, 1, -1, -1]])
    assert {value.shape[:2] for value in outputs.values()} == {(2, 4)}
    assert outputs["sources"][0].tolist() == [SOURCES[0].encode(), b"", b"", b""]
    assert outputs["utility"][0].tolist() == [6.0, 9.0, 0.0, 0.0]
    assert outputs["feature_names"][0, 0].tolist() == [b"feature_0", b"feature_1", b"", b"", b""]
    assert outputs["feature_values"][0, 0].tolist() == [3.0, 1.0, 0.0, 0.0, 0.0]
    assert outputs["feature_contributions"][0, 0].tolist() == [2.0, 1.0, 0.0, 0.0, 0.0]
    assert outputs["feature_contributions"][0, 1, :2].tolist() == [6.0, 0.0]
    assert outputs["similar_history_item_ids"][0, 0].tolist() == [b"other", b"", b""]
    assert outputs["similar_history_item_ids"][0, 1].tolist() == [b"east", b"", b""]
    assert outputs["matching_words"].tolist() == [[b"", b"oak", b"", b""], [b""] * 4]
    assert outputs["times_chosen"].tolist() == [[2, 1, 0, 0], [1, 0, 0, 0]]
    assert outputs["days_since_chosen"].tolist() == [[2.5, 4.0, 0.0, 0.0], [7.0, 0.0, 0.0, 0.0]]


def test_nothing_is_said_of_padding(explain: Callable[..., dict[str, np.ndarray]]) -> None:
    outputs = explain([[1.0, 2.0, 3.0]] * 4 + [[9.0, 9.0, 9.0]], linear, [[-1, -1], [-1, -1]])
    for name, value in outputs.items():
        assert set(value.ravel().tolist()) <= {b"", 0}, name


def test_the_strongest_come_first_either_way_and_ties_in_the_order_of_the_features(
    explain: Callable[..., dict[str, np.ndarray]],
) -> None:
    weights = np.array([1.0, -4.0, 2.0, 1.0, 3.0, -2.0, 1.0], np.float32)
    table = [[1.0] * 7, [2.0] * 7, [1.0] * 7, [0.0] * 7, [0.0] * 7]
    outputs = explain(table, lambda features: tf.linalg.matvec(features, weights), [[1], [1]])
    names = [name.decode() for name in outputs["feature_names"][0, 0]]
    assert names == [f"feature_{number}" for number in (1, 4, 2, 5, 0)]
    assert outputs["feature_contributions"][0, 0].tolist() == [-4.0, 3.0, 2.0, -2.0, 1.0]
    assert len(names) == FEATURE_COUNT
