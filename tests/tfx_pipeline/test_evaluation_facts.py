from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.evaluation_facts import WindowFacts
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split import NEVER, Split

SPLIT = Split("time", ranker_start=100, eval_start=200, test_start=300)
EVENTS = [
    # user, item, time, price, country
    ("ann", "a", 10, 1.0, "France"),
    ("ann", "b", 50, 9.0, "Spain"),
    ("ann", "c", 210, 5.0, "Peru"),
    ("bob", "a", 20, 3.0, "Spain"),
    *(("bob", "a", time, 2.0, "Spain") for time in (21, 22, 23, 24)),
    ("bob", "d", 220, 7.0, "Spain"),
    ("cid", "a", 30, 2.0, "France"),
    ("cid", "a", 230, 2.0, "France"),
]
KINDS = {"a": "buy", "b": "view", "c": "view", "d": "buy"}
OBJECTIVES = {"buy": ["buy"], "view": ["view"]}


@pytest.fixture
def tables(tmp_path: Path, write_ingested: Callable[..., None]) -> Path:
    events = pd.DataFrame(EVENTS, columns=["user_id", "item_id", "timestamp", "price", "country"])
    items = pd.DataFrame(
        {"item_id": list("abcd"), "category": ["food > bread", "food", "toys > cars", ""], "colour": ["red"] * 4}
    )
    write_ingested(tmp_path, events.assign(event_type=events["item_id"].map(KINDS)), items)
    pd.DataFrame({"user_id": ["cid", "ann"], "age": [20.0, 60.0]}).to_parquet(tmp_path / "users.parquet")
    return tmp_path


def facts(tables: Path, *columns: str, objectives: dict[str, list[str]] = OBJECTIVES) -> WindowFacts:
    return WindowFacts(tables, EvaluationEvents(tables, SPLIT), "eval", list(columns), objectives)


def labels_of(tables: Path, dimension: str, *columns: str) -> list[str | None]:
    """The label of the target of ann, bob and cid."""
    cases = EvaluationEvents(tables, SPLIT).cases("eval")
    assert cases.user_ids == ["ann", "bob", "cid"]
    slicing = next(each for each in facts(tables, *columns).slicings(cases) if each.dimension == dimension)
    return [slicing.labels[number] if number >= 0 else None for number in slicing.target_labels]


def test_popularity_is_of_distinct_users_before_the_window(tables: Path) -> None:
    items = facts(tables).items
    assert items.popularity.tolist() == [3.0, 1.0, 0.0, 0.0]
    assert items.user_count == 3


def test_what_no_history_holds_is_not_popular(
    tables: Path, tmp_path: Path, write_ingested: Callable[..., None]
) -> None:
    # bob's only purchase before the window was returned, and cid's is of the basket of a target.
    rows = [("ann", "a", 10, "x", NEVER), ("bob", "a", 20, "y", 30), ("cid", "a", 199, "z", NEVER),
            ("cid", "b", 200, "z", NEVER), ("ann", "b", 210, "", NEVER)]  # fmt: skip
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "basket_id", "returned_at"])
    write_ingested(tmp_path, events.assign(event_type="buy"), pd.DataFrame({"item_id": ["a", "b"]}))
    items = facts(tmp_path).items
    assert (items.popularity.tolist(), items.user_count) == ([1.0, 0.0], 1)


def test_rare_categories_are_not_one_group(tmp_path: Path, write_ingested: Callable[..., None]) -> None:
    names = [f"i{row}" for row in range(30)]
    items = pd.DataFrame({"item_id": names, "category": [f"c{row} > rest" for row in range(30)]})
    users, times = ["ann"] * 15 + ["zoe"] * 15, [10, *[210] * 29]
    events = pd.DataFrame({"user_id": users, "item_id": names, "timestamp": times, "event_type": "buy"})
    write_ingested(tmp_path, events, items)
    found = facts(tmp_path)
    assert found.items.groups is not None and len(np.unique(found.items.groups)) == 30
    assert len(found.item_labels["category"].labels) == 21


def test_categories_are_their_first_level(tables: Path) -> None:
    assert labels_of(tables, "category") == ["toys", None, "food"]
    groups = facts(tables).items.groups
    assert groups is not None and groups[0] == groups[1] != groups[2] and groups[3] == -1


def test_prices_are_those_before_the_window(tables: Path) -> None:
    labels = facts(tables).item_labels["price"]
    # Before the window a costs 1, 3, 2 and four times 2, and b 9; c and d are seen only in it.
    assert [labels.labels[number] if number >= 0 else None for number in labels.numbers] == [
        "price 2",
        "price 9",
        None,
        None,
    ]


def test_the_price_of_the_catalogue_comes_first(tables: Path) -> None:
    items = pd.read_parquet(tables / "items.parquet").assign(price=[4.0, 4.0, 8.0, np.nan])
    items.to_parquet(tables / "items.parquet")
    assert labels_of(tables, "price") == ["price 8", None, "price 4"]


def test_cold_items_and_users(tables: Path) -> None:
    cold, warm = "cold (no user before)", "warm (some users before)"
    assert labels_of(tables, "cold and warm items") == [cold, cold, warm]
    stranger, regular = "cold (fewer than 5 events)", "warm (5 events or more)"
    assert labels_of(tables, "cold and warm users") == [stranger, regular, stranger]


def test_a_column_of_the_users(tables: Path) -> None:
    # bob has no row in the table of users.
    assert labels_of(tables, "age", "age") == ["60", None, "20"]


def test_a_column_of_the_events_is_what_the_user_had_last_before_the_window(tables: Path) -> None:
    assert labels_of(tables, "country", "country") == ["Spain", "Spain", "France"]


def test_objectives_are_sliced_where_there_are_several(tables: Path) -> None:
    assert labels_of(tables, "objective buy") == ["not reached", "reached", "reached"]
    assert labels_of(tables, "objective view") == ["reached", "not reached", "not reached"]
    cases = EvaluationEvents(tables, SPLIT).cases("eval")
    one = facts(tables, objectives={"any": ["buy", "view"]}).slicings(cases)
    assert not [slicing.dimension for slicing in one if slicing.dimension.startswith("objective")]


def test_one_label_for_everything_says_nothing(tables: Path) -> None:
    assert "colour" not in facts(tables, "colour").item_labels


def test_a_column_that_no_table_has(tables: Path) -> None:
    with pytest.raises(DataError) as error:
        facts(tables, "size")
    assert str(error.value) == "slices: no column size in the items, the users or the events"
