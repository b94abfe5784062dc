"""Logged slates become cases with the history of their moment, labels and positions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.mining import Cases, mine
from trainer.retrieval_graph import RetrievalGraph
from trainer.shown_slates import ShownSlates, Vocabularies, mine_slates, slate_cases
from trainer.user_events import SECONDS_A_DAY

DAY = SECONDS_A_DAY
ITEMS = {f"item-{row}": row for row in range(12)}
VOCABULARIES = Vocabularies({"anna": 0, "bert": 1}, ITEMS, {"purchase": 0, "view": 1}, default_event_type=0)
NOTHING: tuple[list[str], list[str], list[float]] = ([], [], [])


def slates() -> ShownSlates:
    """Anna's own past, a history that was sent, and a stranger who searches."""
    sent = (["item-3", "gone", "item-4"], ["view", "view", ""], [2.5, 1.0, 0.5])
    labels = [[[1, 0], [0, 0]], [[0, 1]], [[0, 0], [0, 1], [1, 1]]]
    return ShownSlates(
        user_ids=["anna", "bert", "carl"],
        queries=["", "", "milk"],
        histories=[NOTHING, sent, NOTHING],
        timestamps=np.array([10 * DAY, 10 * DAY, 10 * DAY]),
        item_ids=[["item-6", "item-0"], ["item-2"], ["item-1", "gone", "item-5"]],
        labels=[np.array(each, np.float32) for each in labels],
    )


def encode(texts: list[str]) -> np.ndarray:
    return np.tile(np.eye(1, 5, dtype=np.float32), (len(texts), 1))


@pytest.fixture(scope="module")
def cases(make_events: Any) -> Cases:
    past = make_events([(0, [(7, 0, 7 * DAY, False), (8, 1, 9 * DAY, True), (9, 1, 10 * DAY, True)])])
    return slate_cases(slates(), past, VOCABULARIES, length=3, encode=encode)


def test_the_history_ends_before_the_slate(cases: Cases) -> None:
    assert cases.users.tolist() == [0, 1, 2]
    assert cases.history.tolist() == [[7, 8, -1], [3, 4, -1], [-1, -1, -1]]
    assert cases.event_types.tolist() == [[0, 1, -1], [1, 0, -1], [-1, -1, -1]]
    np.testing.assert_allclose(cases.ages, [[3, 1, -1], [2.5, 0.5, -1], [-1, -1, -1]])
    assert cases.texts[:, 0].tolist() == [0, 0, 1]


def test_only_the_latest_events_are_kept(make_events: Any) -> None:
    past = make_events([(0, [(row, 0, row * DAY, False) for row in range(6)])])
    history = slate_cases(slates(), past, VOCABULARIES, length=3, encode=encode).history
    assert history[0].tolist() == [3, 4, 5]


def test_what_was_shown_has_positions_and_labels(retrieval_graph: RetrievalGraph, cases: Cases) -> None:
    first, second, third = mine_slates(retrieval_graph, cases, slates(), ITEMS, attended_events=1)
    assert (first.rows.tolist(), first.positions.tolist(), first.labels.tolist()) == ([6, 0], [0, 1], [[1, 0], [0, 0]])
    assert (second.rows.tolist(), second.positions.tolist()) == ([2], [0])
    # The item in the second slot has left the catalogue; the third slot stays the third.
    assert (third.rows.tolist(), third.positions.tolist(), third.labels.tolist()) == ([1, 5], [0, 2], [[0, 0], [1, 1]])
    assert [each.events.tolist() for each in (first, second, third)] == [[8], [4], []]


def test_features_are_those_of_mined_candidates(
    retrieval_graph: RetrievalGraph, cases: Cases, catalogue: Catalogue
) -> None:
    alone = replace(cases, targets=[np.zeros(0, np.int64)] * 2)
    mined = next(iter(mine(retrieval_graph, alone, catalogue)))
    shown = replace(slates(), item_ids=[[f"item-{row}" for row in mined.rows], ["item-2"], ["item-1"]])
    shown = replace(shown, labels=[np.zeros((len(mined.rows), 2))] * 3)
    again = next(iter(mine_slates(retrieval_graph, cases, shown, ITEMS)))
    np.testing.assert_allclose(again.features, mined.features, rtol=1e-5, atol=1e-6)


def test_no_slates_are_no_cases(retrieval_graph: RetrievalGraph, cases: Cases) -> None:
    nothing = ShownSlates([], [], [], np.zeros(0, np.int64), [], [])
    assert list(mine_slates(retrieval_graph, cases.take(slice(0, 0)), nothing, ITEMS)) == []
