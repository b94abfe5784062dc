from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.candidates import SOURCES, CandidateCounts, CandidateUnion
from trainer.index.exact import ExactIndex
from trainer.item_to_item.neighbours import Neighbours
from trainer.neighbour_scores import NeighbourScores
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph

ITEMS, UNKNOWN = 8, 8
COUNTS = CandidateCounts(retrieved=3, from_history=2, neighbours=2, lexical=2, popular=2)
NO_NEIGHBOURS = Neighbours(np.full((ITEMS, 1), -1, np.int32), np.zeros((ITEMS, 1), np.float32))
POPULARITY = np.array([0, -1, -2, -3, -4, -5, -6, -7, 5], np.float32)
"""Item 0 is the most popular; the unknown item would be, but may not be shown."""

HISTORIES = st.lists(st.integers(0, UNKNOWN), max_size=6)
WORDS = st.lists(st.integers(0, 7), max_size=5, unique=True).map(
    lambda items: {item: 1.0 + place for place, item in enumerate(items)}
)
"""Lexical scores of some items; no two are equal."""


class Collected(NamedTuple):
    """Valid candidates of each request, in order."""

    items: list[list[int]]
    sources: list[list[str]]


def collect(
    histories: list[list[int]],
    excluded: list[set[int]] | None = None,
    favourite: int = 5,
    neighbours: Neighbours = NO_NEIGHBOURS,
    ages: list[list[float]] | None = None,
    counts: CandidateCounts = COUNTS,
    lexical: list[dict[int, float]] | None = None,
) -> Collected:
    """Candidates for users whose preference is nearest to `favourite`, then to the items next to it.

    Without `ages` all events were just now; without `lexical` nobody asks for words.
    """
    angles = np.arange(ITEMS + 1) * 0.3
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    index = ExactIndex(tf.Variable(vectors), tf.Variable(tf.zeros([ITEMS + 1, 1])))
    union = CandidateUnion(index, NeighbourScores(neighbours), POPULARITY, counts, text_share=0.8)
    count, length = len(histories), max(4, *map(len, histories))
    history = np.full((count, length), -1, np.int32)
    for row, items in enumerate(histories):
        history[row, : len(items)] = items
    days = np.full((count, length), -1e4 if ages else 0, np.float32)
    for row, of_user in enumerate(ages or []):
        days[row, : len(of_user)] = of_user
    # A little off, so that no two items are equally far.
    near = np.array([np.cos(favourite * 0.3 + 0.01), np.sin(favourite * 0.3 + 0.01)])
    words = tf.constant([[one.get(row, 0.0) for row in range(ITEMS + 1)] for one in lexical or [{}] * count])
    query = QuerySide(
        tf.zeros([count], tf.int64),
        tf.constant(history),
        tf.constant(np.minimum(history, 0)),
        tf.constant(days),
        tf.constant(np.tile(near, (count, 1)), tf.float32),
        tf.fill([count, 1], 1.0 if lexical else 0.0),
        *(words, tf.zeros_like(words), words / 2),
    )
    allowed = np.ones((count, ITEMS + 1), bool)
    allowed[:, UNKNOWN] = False
    for row, items in enumerate(excluded or []):
        allowed[row, list(items)] = False
    found = union.collect(query, tf.constant(allowed))
    rows, valid, sources = (values.numpy() for values in found)
    assert rows.min() >= 0
    assert rows.max() <= UNKNOWN
    return Collected(
        [rows[row][valid[row]].tolist() for row in range(count)],
        [[SOURCES[source] for source in sources[row][valid[row]]] for row in range(count)],
    )


def test_no_history_no_history_candidates() -> None:
    found = collect([[]])
    assert found.items == [[5, 6, 4, 0, 1]]
    assert found.sources == [["ann"] * 3 + ["popular"] * 2]


def test_the_first_source_keeps_an_item() -> None:
    found = collect([[5, 0]])
    assert found.items == [[0, 5, 6, 4, 1]]
    assert found.sources == [["history", "history", "ann", "ann", "popular"]]


def test_sources_that_agree() -> None:
    found = collect([[]], favourite=0)
    assert found.items == [[0, 1, 2]]
    assert found.sources == [["ann"] * 3]


@pytest.mark.parametrize(
    ("history", "first"),
    [
        ([7, 2, 3], [3, 2]),
        ([2, 2, 7, 3], [2, 3]),
        ([3, 7, 7, 7], [7, 3]),
        ([2, UNKNOWN, UNKNOWN], [2]),
        ([7], [7]),
    ],
)
def test_history_is_ordered_by_decayed_count(history: list[int], first: list[int]) -> None:
    (items,), (sources,) = collect([history])
    assert [item for item, source in zip(items, sources, strict=True) if source == "history"] == first


def test_neighbours_of_the_history_by_their_weight_and_popularity() -> None:
    rows, weights = np.full((ITEMS, 2), -1, np.int32), np.zeros((ITEMS, 2), np.float32)
    # Item 7 speaks more for 6, but 1 is so popular that it goes first: 0.3 + e^-3 is below 0.9 x (0.3 + e^-0.5).
    rows[7], weights[7] = [6, 1], [1, 0.9]
    found = collect([[7], []], neighbours=Neighbours(rows, weights))
    assert found.items[0] == [7, 1, 6, 5, 4, 0]
    assert found.sources[0] == ["history", "neighbours", "neighbours", "ann", "ann", "popular"]
    assert "neighbours" not in found.sources[1]
    (without,), (sources,) = collect([[7]], excluded=[{1}], neighbours=Neighbours(rows, weights))
    assert [item for item, source in zip(without, sources, strict=True) if source == "neighbours"] == [6]


RANDOM_NEIGHBOURS = Neighbours(
    np.array([np.random.default_rng(row).permutation(ITEMS)[:4] for row in range(ITEMS)], np.int32),
    np.random.default_rng(9).normal(0.3, 1, (ITEMS, 4)).astype(np.float32),
)
"""Four each: some speak for an item and some against."""
ONLY_NEIGHBOURS = CandidateCounts(retrieved=0, from_history=0, neighbours=3, lexical=0, popular=0)


def recommended_by_neighbours(events: list[tuple[int, float]], excluded: set[int]) -> list[int]:
    """The source in plain Python: (item, days ago) of a history to at most three items, best first."""
    voices = np.zeros(ITEMS + 1)
    for item, days in events:
        voices[item] += np.exp(-days / 90)
    scores = np.minimum(voices, 1)[:ITEMS] @ RANDOM_NEIGHBOURS.matrix().toarray()
    ranked = scores * (0.3 + np.sqrt(np.exp(POPULARITY[:ITEMS] - POPULARITY[:ITEMS].max())))
    return [item for item in np.argsort(-ranked).tolist() if scores[item] > 0 and item not in excluded][:3]


EVENTS = st.lists(st.tuples(st.integers(0, UNKNOWN), st.sampled_from([0.0, 5.5, 60.0, 400.0])), max_size=6)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(EVENTS, st.sets(st.integers(0, 7))), min_size=1, max_size=3))
def test_neighbours_agree_with_python(requests: list[tuple[list[tuple[int, float]], set[int]]]) -> None:
    histories, ages = ([[event[part] for event in events] for events, _ in requests] for part in (0, 1))
    excluded = [items for _, items in requests]
    found = collect(histories, excluded, neighbours=RANDOM_NEIGHBOURS, ages=ages, counts=ONLY_NEIGHBOURS)
    assert found.items == [recommended_by_neighbours(*request) for request in requests]
    assert {source for sources in found.sources for source in sources} <= {"neighbours"}


def test_own_items_are_candidates_of_their_neighbours_unless_excluded() -> None:
    rows, weights = np.full((ITEMS, 2), -1, np.int32), np.zeros((ITEMS, 2), np.float32)
    rows[2], weights[2] = [3, 4], [1, 0.5]
    rows[3], weights[3] = [2, 4], [1, -5]
    neighbours = Neighbours(rows, weights)
    # Item 3 speaks so much against 4 that together they do not bring it.
    for history, excluded, expected in (
        ([2], set(), [3, 4]),
        ([2, 3], set(), [2, 3]),
        ([2, 3], {2, 3}, []),
        ([2], {2}, [3, 4]),
        ([2], {3}, [4]),
        ([UNKNOWN], set(), []),
        ([], set(), []),
    ):
        found = collect([history], [excluded], neighbours=neighbours, counts=ONLY_NEIGHBOURS)
        assert found.items == [expected], (history, excluded)


def test_excluded_items_make_room_for_others() -> None:
    found = collect([[7, 2, 3], [7, 2, 3]], excluded=[{3, 5, 0}, set()])
    assert found.items[0] == [2, 7, 6, 4, 1]
    assert found.items[1] == [3, 2, 5, 6, 4, 0, 1]


def test_everything_excluded() -> None:
    assert collect([[1, 2]], excluded=[set(range(ITEMS))]) == Collected([[]], [[]])


@pytest.mark.parametrize("excluded", [set(), {1}, {0, 1, 2}, {0, 1, 2, 4, 6}, set(range(ITEMS))])
def test_popular_items_are_found_however_many_of_the_first_are_hidden(
    monkeypatch: pytest.MonkeyPatch, excluded: set[int]
) -> None:
    """With a few of the most popular looked at first, and all where that is not enough."""
    monkeypatch.setattr("trainer.candidates._POPULAR_HEAD", 4)
    popular = CandidateCounts(retrieved=0, from_history=0, neighbours=0, lexical=0, popular=2)
    found = collect([[], []], excluded=[excluded, set()], counts=popular)
    assert found.items == [[item for item in range(ITEMS) if item not in excluded][:2], [0, 1]]


def reference(
    history: list[int], excluded: set[int], favourite: int, words: dict[int, float]
) -> tuple[list[int], list[str]]:
    allowed = [item for item in range(ITEMS) if item not in excluded]
    score: dict[int, float] = {}
    for ago, item in enumerate(reversed(history)):
        score[item] = score.get(item, 0.0) + np.exp(-ago / 64)
    ranked = {
        "history": sorted((item for item in score if item in allowed), key=lambda item: -score[item])[:2],
        "neighbours": [],
        "lexical": sorted((item for item in words if item in allowed), key=lambda item: -words[item])[:2],
        "ann": sorted(allowed, key=lambda item: abs(item - favourite - 0.01 / 0.3))[:3],
        "popular": sorted(allowed, key=lambda item: -POPULARITY[item])[:2],
    }
    union = {item: source for source in reversed(ranked) for item in ranked[source]}
    order = list(dict.fromkeys(item for source in SOURCES for item in ranked[source]))
    return order, [union[item] for item in order]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(HISTORIES, st.sets(st.integers(0, 7)), WORDS), min_size=1, max_size=3),
    st.integers(0, 7),
)
def test_agrees_with_lists(requests: list[tuple[list[int], set[int], dict[int, float]]], favourite: int) -> None:
    histories, excludeds, words = (list(column) for column in zip(*requests, strict=True))
    found = collect(histories, excludeds, favourite, lexical=words)
    for row, (history, excluded, scores) in enumerate(requests):
        items, sources = found.items[row], found.sources[row]
        expected = words_last(*reference(history, excluded, favourite, scores))
        assert len(items) == len(set(items))
        assert not set(items) & (excluded | {UNKNOWN})
        assert (items, sources) == expected


def words_last(items: list[int], sources: list[str]) -> tuple[list[int], list[str]]:
    """Candidates with those of the words of a query behind all others."""
    order = sorted(range(len(items)), key=lambda place: sources[place] == "lexical")
    return [items[place] for place in order], [sources[place] for place in order]


def test_words_of_the_query_bring_items() -> None:
    found = collect([[], [2]], excluded=[set(), {7}], lexical=[{3: 1.0, 7: 2.0, 2: 0.5}, {7: 1.0, 2: 3.0}])
    assert found.items == [[5, 6, 4, 0, 1, 7, 3], [2, 5, 6, 4, 0, 1]]
    assert found.sources[0] == ["ann"] * 3 + ["popular"] * 2 + ["lexical"] * 2
    assert found.sources[1] == ["history"] + ["ann"] * 3 + ["popular"] * 2


def test_text_leads_the_index(make_query: Callable[..., QuerySide], retrieval_graph: RetrievalGraph) -> None:
    store, like_eight = retrieval_graph.store, make_query([[], []], text=[True, False])
    like_eight = like_eight._replace(preference=tf.repeat(store.preferences[8:9], 2, axis=0))
    text = tf.stack([store.texts[3], tf.zeros(5)])
    query = like_eight._replace(text=text, cosines=tf.matmul(text, store.texts, transpose_b=True))
    found = retrieval_graph.candidates.collect(query, retrieval_graph.allowed_without(query.history[:, :0]))
    preferences, texts = store.preferences.numpy()[:12], store.texts.numpy()[:12]
    led = np.sqrt(0.8) * texts @ texts[3] + np.sqrt(0.2) * preferences @ preferences[8]
    plain = preferences @ preferences[8]
    # The first seven places are those of the history and of neighbours.
    assert found.rows.numpy()[0, 7:12].tolist() == np.argsort(-led)[:5].tolist()
    assert found.rows.numpy()[1, 7:12].tolist() == np.argsort(-plain)[:5].tolist()
    assert np.argsort(-led)[:5].tolist() != np.argsort(-plain)[:5].tolist()
    assert {SOURCES[source] for source in found.sources.numpy()[:, 7:12].ravel()} == {"ann"}


def test_a_search_beside_it_moves_nothing_of_a_request() -> None:
    both = collect([[2], []], lexical=[{}, {7: 1.0, 3: 2.0}])
    alone = collect([[2]])
    assert (both.items[0], both.sources[0]) == (alone.items[0], alone.sources[0])
