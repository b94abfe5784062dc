from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.mining import Cases, MinedCase, add_queries, cases_of, mine
from trainer.pseudo_queries import answers_query
from trainer.retrieval_graph import RetrievalGraph

PURCHASE, VIEW, OTHER = 0, 1, 2
OBJECTIVES = {"purchase": [PURCHASE], "click": [VIEW]}


@pytest.fixture(scope="module")
def cases(make_events: Any) -> Cases:
    """Four users: one comes back for item 0 and looks at 5, one buys what no source offers, one does nothing else."""
    examples = [
        (0, [(0, 0, 1, False), (2, 1, 2, False), (0, PURCHASE, 9, True), (5, VIEW, 9, True), (0, VIEW, 9, True)]),
        (1, [(6, 0, 1, False), (12, PURCHASE, 9, True), (7, OTHER, 9, True)]),
        (3, [(6, PURCHASE, 9, True)]),
        (2, [(7, 0, 1, False)]),
    ]
    return cases_of(make_events(examples), length=3, items=12, objectives=OBJECTIVES, text_size=5)


@pytest.fixture(scope="module")
def mined(retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue) -> list[MinedCase]:
    return list(mine(retrieval_graph, cases, catalogue))


def test_cases_hold_history_and_targets(cases: Cases) -> None:
    assert len(cases) == 4
    assert cases.users.tolist() == [0, 1, 3, 2]
    assert cases.history.tolist() == [[0, 2, -1], [6, -1, -1], [-1, -1, -1], [7, -1, -1]]
    assert cases.event_types.tolist() == [[0, 1, -1], [0, -1, -1], [-1, -1, -1], [0, -1, -1]]
    assert [keys.tolist() for keys in cases.targets] == [[0, 13 + 12, 26 + 6], [0, 5]]
    assert cases.queries.tolist() == [""] * 4
    assert cases.texts.shape == (4, 5)


def test_labels_are_the_events_that_followed(mined: list[MinedCase]) -> None:
    positives = [
        {
            (int(row), objective)
            for row, label in zip(case.rows, case.labels, strict=True)
            for objective in np.flatnonzero(label)
        }
        for case in mined
    ]
    offered = [set(case.rows.tolist()) for case in mined]
    assert positives[0] == {(0, 0), (0, 1)} | {(5, 1) for _ in range(5 in offered[0])}
    assert positives[1] == set()
    assert positives[2] == {(6, 0) for _ in range(6 in offered[2])}
    assert positives[3] == set()
    assert all(set(np.unique(case.labels)) <= {0, 1} and case.labels.dtype == np.float32 for case in mined)


def test_candidates_and_features_are_those_of_the_graph(
    retrieval_graph: RetrievalGraph, cases: Cases, mined: list[MinedCase]
) -> None:
    arrays = (cases.users, cases.history, cases.event_types, cases.texts)
    asked = retrieval_graph.encoder.encode(*map(tf.constant, arrays))
    found = retrieval_graph.candidates.collect(asked, retrieval_graph.all_allowed(4))
    features = retrieval_graph.features(asked, found.rows).numpy()
    for number, case in enumerate(mined):
        valid = found.valid.numpy()[number]
        np.testing.assert_array_equal(case.rows, found.rows.numpy()[number][valid])
        np.testing.assert_allclose(case.features, features[number][valid], atol=1e-5)
        assert len(set(case.rows.tolist())) == len(case.rows)
        assert 12 not in case.rows


def test_the_batch_size_does_not_matter(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, mined: list[MinedCase]
) -> None:
    for one, expected in zip(mine(retrieval_graph, cases, catalogue, batch=3), mined, strict=True):
        np.testing.assert_array_equal(one.rows, expected.rows)
        np.testing.assert_array_equal(one.labels, expected.labels)
        np.testing.assert_allclose(one.features, expected.features, atol=1e-5)


def test_queries_are_words_of_a_target(cases: Cases, catalogue: Catalogue) -> None:
    drawn = {tuple(add_queries(cases, catalogue, seed)) for seed in range(30)}
    first, second, third, fourth = (set(queries) for queries in zip(*drawn, strict=True))
    # Item 0 is "whole milk" and item 5 "young cheese"; 12 is unknown and has no title; 6 is "green soap".
    assert first == {"whole", "milk", "whole milk", "young", "cheese", "young cheese"}
    assert second == {""}
    assert third == {"green", "soap", "green soap"}
    assert fourth == {""}
    assert add_queries(cases, catalogue, 3).tolist() == add_queries(cases, catalogue, 3).tolist()


def test_with_a_query_only_what_answers_it_is_positive(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, mined: list[MinedCase]
) -> None:
    asked = replace(cases, queries=np.array(["cheese", "", "soap", ""], dtype=object))
    titles = np.append(catalogue.titles, "")
    for number, (case, plain) in enumerate(zip(mine(retrieval_graph, asked, catalogue), mined, strict=True)):
        np.testing.assert_array_equal(case.rows, plain.rows)
        answers = answers_query(titles[case.rows], asked.queries[number])
        expected = plain.labels * answers[:, None] if asked.queries[number] else plain.labels
        np.testing.assert_array_equal(case.labels, expected)
    assert mined[0].labels.sum() > 0


def test_no_cases(retrieval_graph: RetrievalGraph, catalogue: Catalogue, make_events: Callable[..., Any]) -> None:
    none = cases_of(make_events([]), 3, 12, OBJECTIVES, 5)
    assert add_queries(none, catalogue, 0).tolist() == []
    assert list(mine(retrieval_graph, none, catalogue)) == []
