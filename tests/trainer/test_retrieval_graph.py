import numpy as np
import pytest

from trainer.item_store import ItemStore
from trainer.retrieval_graph import RetrievalGraph, event_type_rows
from trainer.retrieval_package import RetrievalPackage
from trainer.search_index import SearchScores


def test_the_unknown_and_the_excluded_may_not_be_shown(retrieval_graph: RetrievalGraph) -> None:
    excluded = np.array([[3, -1, 3], [-1, -1, -1], [12, 0, 11]], np.int32)
    allowed = retrieval_graph.allowed_without(excluded).numpy()
    assert [np.flatnonzero(row).tolist() for row in allowed] == [
        [row for row in range(12) if row != 3],
        list(range(12)),
        list(range(1, 11)),
    ]
    assert retrieval_graph.allowed_without(excluded[:, :0]).numpy().tolist() == [[True] * 12 + [False]] * 3


def test_the_store_is_of_its_moment(retrieval_graph: RetrievalGraph, package: RetrievalPackage) -> None:
    rows = np.arange(13)
    columns = {name: retrieval_graph.store.column(name, rows).numpy() for name in ItemStore.NUMBERS}
    np.testing.assert_array_equal(columns["log_share"], package.at_ranker_start.log_share)
    np.testing.assert_array_equal(columns["repeat_rate"], package.at_ranker_start.repeat_rate)
    np.testing.assert_array_equal(columns["price"], package.catalogue.prices)
    assert columns["is_cold"].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1]
    assert (package.at_training_end.count == 0).tolist() == [False] * 11 + [True] * 2


def test_index_and_towers_share_the_store(retrieval_graph: RetrievalGraph, package: RetrievalPackage) -> None:
    assert retrieval_graph.index.texts is retrieval_graph.store.texts is package.towers.items.tables["texts"].value
    np.testing.assert_array_equal(retrieval_graph.index.preferences.numpy(), package.preferences())


def test_an_export_holds_every_weight_of_the_towers(retrieval_graph: RetrievalGraph, package: RetrievalPackage) -> None:
    held = {variable.ref() for variable in retrieval_graph.variables}
    assert {weight.value.ref() for weight in package.towers.weights} <= held


USERS, HISTORY = np.array([0, 3]), np.array([[0, 6, -1], [-1, -1, -1]], np.int32)
KINDS, AGES = np.array([[1, 0, -1], [-1, -1, -1]], np.int32), np.array([[40, 2.5, -1], [-1, -1, -1]], np.float32)
NO_TEXT, NO_WORDS = np.zeros((2, 5), np.float32), SearchScores(*np.zeros((3, 2, 13), np.float32))


def test_the_query_side_is_the_query_tower(retrieval_graph: RetrievalGraph, package: RetrievalPackage) -> None:
    query = retrieval_graph.encoder.encode(USERS, HISTORY, KINDS, AGES, NO_TEXT, NO_WORDS)
    # Any origin of the days will do; here it is 50 days before the request.
    batch = {
        "users": USERS,
        "history": HISTORY,
        "visible": (HISTORY >= 0)[:, None, :],
        "event_types": KINDS,
        "days": np.array([[10, 47.5, 3], [7, 7, 7]], np.float32),
        "target_days": np.full((2, 1), 50, np.float32),
    }
    expected = package.towers.predict_on_batch(batch)[:, 0]
    np.testing.assert_allclose(query.preference, expected, atol=1e-5)
    assert query.has_text.numpy().tolist() == [0, 0]
    np.testing.assert_array_equal(query.ages, AGES)


@pytest.mark.parametrize("changed", ["event_types", "ages"])
def test_types_and_ages_reach_the_query_tower(retrieval_graph: RetrievalGraph, changed: str) -> None:
    given = {"event_types": KINDS, "ages": AGES}
    other = given | {changed: np.where(HISTORY >= 0, 1 - given[changed] % 2, given[changed])}
    ours, theirs = (
        retrieval_graph.encoder.encode(USERS, HISTORY, *one.values(), NO_TEXT, NO_WORDS) for one in (given, other)
    )
    difference = np.abs(ours.preference - theirs.preference).max(axis=1)
    assert difference[0] > 1e-4
    assert difference[1] < 1e-6


def test_the_ages_of_padding_do_not_matter(retrieval_graph: RetrievalGraph) -> None:
    strange = np.where(HISTORY >= 0, AGES, 1e6).astype(np.float32)
    ours, theirs = (
        retrieval_graph.encoder.encode(USERS, HISTORY, KINDS, ages, NO_TEXT, NO_WORDS).preference
        for ages in (AGES, strange)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_event_types_of_an_objective_that_never_occur_are_left_out() -> None:
    objectives = {"purchase": ["buy"], "click": ["view", "click"], "rent": ["rent"]}
    assert event_type_rows(objectives, ["view", "buy"]) == {"purchase": [1], "click": [0], "rent": []}
