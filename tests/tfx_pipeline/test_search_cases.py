from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.search_cases import KNOWN_ITEM, LOGGED, SearchCases, read_documents, search_cases
from tfx_pipeline.split import Split

SPLIT = Split("time", ranker_start=100, eval_start=200, test_start=300)
EVENTS = pd.DataFrame(
    [
        ("ann", "a", 10, "long ago"),
        ("ann", "b", 210, "red mug"),
        ("bob", "c", 215, "red mug"),
        ("bob", "d", 220, ""),
        ("cid", "a", 230, "tea"),
        ("dee", "d", 20, "red mug"),
        ("cid", "a", 310, "tea for two"),
    ],
    columns=["user_id", "item_id", "timestamp", "query"],
).assign(event_type="buy")
ITEMS = pd.DataFrame(
    {
        "item_id": ["d", "c", "b", "a"],
        "title": ["oak table", "red mug", "red mug", ""],
        "description": ["round", "", "for tea", "x" * 4_100],
    }
)

Searches = Callable[..., SearchCases]


@pytest.fixture
def searches(tmp_path: Path, write_ingested: Callable[..., None]) -> Searches:
    def searches(events: pd.DataFrame, most: int = 10, seed: int = 1) -> SearchCases:
        write_ingested(tmp_path, events, ITEMS)
        return search_cases(tmp_path, EvaluationEvents(tmp_path, SPLIT), "eval", most, seed)

    return searches


def answers(found: SearchCases) -> dict[str, list[str]]:
    ids = ITEMS["item_id"].to_numpy()
    rows = [found.cases.targets.row(case) for case in range(len(found.cases))]
    return {query: sorted(ids[row]) for query, row in zip(found.queries, rows, strict=True)}


def test_logged_queries_of_the_window_with_all_that_was_chosen(searches: Searches) -> None:
    found = searches(EVENTS)
    assert found.kind == LOGGED
    assert answers(found) == {"red mug": ["b", "c", "d"], "tea": ["a"]}
    assert not found.cases.history.lengths.any()
    assert found.queries_of(found.cases.take(np.array([1]))) == found.queries[1:]


def test_no_more_queries_than_asked_for(searches: Searches) -> None:
    (one,) = searches(EVENTS, most=1).queries
    assert one in ("red mug", "tea")


@pytest.mark.parametrize("events", [EVENTS.drop(columns="query"), EVENTS.assign(query=" ")])
def test_without_logged_queries_words_of_titles(searches: Searches, events: pd.DataFrame) -> None:
    found = searches(events)
    assert found.kind == KNOWN_ITEM
    # Item a has no title to draw from, and both mugs answer a query for one of them.
    by_query = answers(found)
    assert set(by_query) <= {"red", "mug", "red mug", "oak", "table", "oak table"}
    assert {tuple(items) for items in by_query.values()} == {("b", "c"), ("d",)}


def test_draws_follow_the_seed(searches: Searches) -> None:
    events = EVENTS.drop(columns="query")
    one, again = (answers(searches(events, seed=3)) for _ in range(2))
    assert one == again
    assert len({tuple(answers(searches(events, seed=seed))) for seed in range(8)}) > 1


def test_a_document_is_title_and_description(tmp_path: Path, write_ingested: Callable[..., None]) -> None:
    write_ingested(tmp_path, EVENTS, ITEMS)
    assert read_documents(tmp_path) == ["oak table round", "red mug", "red mug for tea", "x" * 4_000]
    write_ingested(tmp_path, EVENTS, ITEMS[["item_id"]])
    assert read_documents(tmp_path) == [""] * 4
