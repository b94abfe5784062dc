from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.mining import Cases, MinedCase, add_queries, cases_of, mine, request_times
from trainer.pseudo_queries import answers_query
from trainer.ranker_inputs import latest_events
from trainer.retrieval_graph import RetrievalGraph

PURCHASE, VIEW, OTHER = 0, 1, 2
DAY = 24 * 3600
OBJECTIVES = {"purchase": [PURCHASE], "click": [VIEW]}


@pytest.fixture(scope="module")
def cases(make_events: Any) -> Cases:
    """Four users, of whom two turn to the items 0 and 6, which are popular, so that they are among the candidates."""
    examples = [
        (0, [(0, 0, 1, False), (2, 1, 2, False), (0, PURCHASE, 9, True), (6, VIEW, 9, True), (0, VIEW, 9, True)]),
        (1, [(6, 0, 1, False), (12, PURCHASE, 9, True), (7, OTHER, 9, True)]),
        (3, [(6, PURCHASE, 9, True)]),
        (2, [(7, 0, 1, False)]),
    ]
    asked_at = np.array([9, 9 + DAY, 9, 9]) + 10
    return cases_of(make_events(examples), length=3, items=12, objectives=OBJECTIVES, text_size=5, asked_at=asked_at)


@pytest.fixture(scope="module")
def mined(retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue) -> list[MinedCase]:
    return list(mine(retrieval_graph, cases, catalogue))


def test_cases_hold_history_and_targets(cases: Cases) -> None:
    assert len(cases) == 4
    assert cases.users.tolist() == [0, 1, 3, 2]
    assert cases.history.tolist() == [[0, 2, -1], [6, -1, -1], [-1, -1, -1], [7, -1, -1]]
    assert cases.event_types.tolist() == [[0, 1, -1], [0, -1, -1], [-1, -1, -1], [0, -1, -1]]
    assert [keys.tolist() for keys in cases.targets] == [[0, 13 + 12, 26 + 6], [0, 6]]
    assert cases.numbers.tolist() == [0, 1, 2, 3]
    assert cases.queries.tolist() == [""] * 4
    assert cases.texts.shape == (4, 5)
    assert cases.ages.dtype == np.float32
    exact = [[18 / DAY, 17 / DAY, -1], [1 + 18 / DAY, -1, -1], [-1, -1, -1], [18 / DAY, -1, -1]]
    np.testing.assert_allclose(cases.ages, exact, rtol=1e-6)


def test_ages_count_from_when_the_case_is_asked(make_events: Any) -> None:
    events = make_events([(0, [(3, 0, DAY, False), (4, 0, 5 * DAY, False), (5, 0, 7 * DAY, True)])])

    def ages(asked_at: int) -> list[float]:
        return cases_of(events, 2, 12, OBJECTIVES, 5, np.array([asked_at])).ages[0].tolist()

    assert ages(7 * DAY) == [6, 2]
    assert ages(5 * DAY + DAY // 2) == [4.5, 0.5]
    # What comes after the request is no older than nothing.
    assert ages(2 * DAY) == [1, 0]


def test_requests_come_at_the_start_of_the_window_or_with_their_event(make_events: Any) -> None:
    examples = [
        (0, [(3, 0, 10, False), (4, 0, 40, True), (5, 0, 45, True)]),
        (1, [(3, 0, 50, True)]),
        (0, [(3, 0, 10, False), (4, 0, 40, False), (5, 0, 47, True)]),
        (2, [(6, 0, 20, False), (7, 0, 30, True)]),
    ]
    events = make_events(examples)
    assert request_times(events, each_by_itself=False).tolist() == [30] * 4
    assert request_times(events, each_by_itself=True).tolist() == [40, 50, 47, 30]
    assert request_times(make_events([]), each_by_itself=False).tolist() == []
    assert request_times(make_events([]), each_by_itself=True).tolist() == []


def test_request_times_agree_with_a_table(make_events: Any) -> None:
    times = np.sort(np.random.default_rng(0).integers(0, 1000, (20, 6)), axis=1)
    rows = [[(0, 0, time, position >= 3) for position, time in enumerate(row)] for row in times]
    events = make_events(list(enumerate(rows)))
    np.testing.assert_array_equal(request_times(events, each_by_itself=True), times[:, 3])
    np.testing.assert_array_equal(request_times(events, each_by_itself=False), np.full(20, times[:, 3:].min()))


@pytest.mark.parametrize("each_event", [False, True])
def test_cases_without_targets_do_not_move_the_others(make_events: Any, each_event: bool) -> None:
    examples = [(0, [(3, 0, 10, False)]), (1, []), (2, [(4, 0, 40, True)]), (3, [])]
    times = request_times(make_events(examples), each_event)
    assert len(times) == 4
    assert times[2] == 40


def test_labels_are_the_events_that_followed(mined: list[MinedCase]) -> None:
    positives = [
        {
            (int(row), objective)
            for row, label in zip(case.rows, case.labels, strict=True)
            for objective in np.flatnonzero(label)
        }
        for case in mined
    ]
    assert positives == [{(0, 0), (0, 1), (6, 1)}, set(), {(6, 0)}, set()]
    assert [len(case.rows) > 5 for case in mined] == [True] * 4
    assert all(set(np.unique(case.labels)) <= {0, 1} and case.labels.dtype == np.float32 for case in mined)


def test_candidates_and_features_are_those_of_the_graph(
    retrieval_graph: RetrievalGraph, cases: Cases, mined: list[MinedCase]
) -> None:
    arrays = (cases.users, cases.history, cases.event_types, cases.ages, cases.texts)
    no_words = retrieval_graph.search.scores(tf.constant(cases.queries), tf.constant(cases.texts))
    asked = retrieval_graph.encoder.encode(*map(tf.constant, arrays), no_words)
    found = retrieval_graph.candidates.collect(asked, retrieval_graph.allowed_without(cases.history[:, :0]))
    features = retrieval_graph.features(asked, found.rows).numpy()
    for number, case in enumerate(mined):
        valid = found.valid.numpy()[number]
        np.testing.assert_array_equal(case.rows, found.rows.numpy()[number][valid])
        np.testing.assert_allclose(case.features, features[number][valid], atol=1e-5)
        assert len(set(case.rows.tolist())) == len(case.rows)
        assert 12 not in case.rows


@pytest.mark.parametrize("length", [0, 1, 5])
def test_the_latest_events_are_those_that_are_attended_to_when_serving(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, length: int
) -> None:
    served, ages = latest_events(tf.constant(cases.history), tf.constant(cases.ages), length)
    for number, case in enumerate(mine(retrieval_graph, cases, catalogue, attended_events=length)):
        known = served[number] >= 0
        np.testing.assert_array_equal(case.events, served[number][known])
        np.testing.assert_array_equal(case.ages, ages[number][known])
        assert len(case.events) == min([2, 1, 0, 1][number], length)


def test_nothing_of_what_is_mined_was_shown(mined: list[MinedCase]) -> None:
    for case in mined:
        assert case.positions.dtype == np.int16
        assert case.positions.tolist() == [-1] * len(case.rows)


def test_the_batch_size_does_not_matter(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, mined: list[MinedCase]
) -> None:
    for one, expected in zip(mine(retrieval_graph, cases, catalogue, batch=3), mined, strict=True):
        np.testing.assert_array_equal(one.rows, expected.rows)
        np.testing.assert_array_equal(one.labels, expected.labels)
        np.testing.assert_allclose(one.features, expected.features, atol=1e-5)


def test_queries_are_words_of_a_target(cases: Cases, catalogue: Catalogue) -> None:
    drawn = {tuple(add_queries(cases, catalogue, seed)) for seed in range(100)}
    first, second, third, fourth = (set(queries) for queries in zip(*drawn, strict=True))
    # Item 0 is "whole milk" and item 6 "green soap"; the unknown item has no title.
    assert first == {"whole", "milk", "whole milk", "green", "soap", "green soap"}
    assert second == {""}
    assert third == {"green", "soap", "green soap"}
    assert fourth == {""}
    assert add_queries(cases, catalogue, 3).tolist() == add_queries(cases, catalogue, 3).tolist()


def test_some_of_the_cases_keep_their_targets(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, mined: list[MinedCase]
) -> None:
    some = cases.take(slice(0, None, 2))
    assert some.numbers.tolist() == [0, 2]
    np.testing.assert_array_equal(some.ages, cases.ages[::2])
    for case, expected in zip(mine(retrieval_graph, some, catalogue), mined[::2], strict=True):
        np.testing.assert_array_equal(case.rows, expected.rows)
        np.testing.assert_array_equal(case.labels, expected.labels)
    drawn = {add_queries(some, catalogue, seed)[1] for seed in range(20)}
    assert drawn == {"green", "soap", "green soap"}


def test_strangers_have_no_past(cases: Cases) -> None:
    strangers = cases.as_strangers(3)
    assert strangers.users.tolist() == [3] * 4
    assert (strangers.history == -1).all()
    assert (strangers.event_types == -1).all()
    assert (strangers.ages == -1).all()
    assert strangers.targets is cases.targets


def test_something_new_is_nothing_of_the_history(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue
) -> None:
    for case, history in zip(mine(retrieval_graph, cases, catalogue, new_only=True), cases.history, strict=True):
        assert len(case.rows)
        assert not set(case.rows.tolist()) & set(history.tolist())


def test_with_a_query_only_what_answers_it_is_positive(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue, mined: list[MinedCase]
) -> None:
    asked = replace(cases, queries=np.array(["whole milk", "", "mild soap", ""], dtype=object))
    titles = np.append(catalogue.titles, "")
    for number, (case, plain) in enumerate(zip(mine(retrieval_graph, asked, catalogue), mined, strict=True)):
        asks = bool(asked.queries[number])
        labels = dict(zip(plain.rows.tolist(), plain.labels, strict=True))
        answers = answers_query(titles[case.rows], asked.queries[number]) if asks else np.ones(len(case.rows), bool)
        expected = [labels.get(row, np.zeros(2)) for row in case.rows.tolist()] * answers[:, None]
        np.testing.assert_array_equal(case.labels, expected)
        assert case.labels.sum() == [2, 0, 0, 0][number]


def test_words_of_the_query_bring_candidates(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue
) -> None:
    words = ["milk", "soap", "", "brush"]
    texts = np.repeat([[float(bool(word))] for word in words], cases.texts.shape[1], axis=1).astype(np.float32)
    asked = replace(cases, queries=np.array(words, dtype=object), texts=texts)
    for case, word in zip(mine(retrieval_graph, asked, catalogue), words, strict=True):
        having = {row for row, title in enumerate(catalogue.titles) if word and word in title.lower().split()}
        assert len(having) <= 3 and having <= set(case.rows.tolist())


def test_no_cases(retrieval_graph: RetrievalGraph, catalogue: Catalogue, make_events: Callable[..., Any]) -> None:
    none = cases_of(make_events([]), 3, 12, OBJECTIVES, 5, np.zeros(0, np.int64))
    assert add_queries(none, catalogue, 0).tolist() == []
    assert list(mine(retrieval_graph, none, catalogue)) == []
