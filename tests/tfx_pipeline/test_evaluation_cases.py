from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.split import NEVER, Split

SPLIT = Split("time", ranker_start=100, eval_start=200, test_start=300)
EVENTS = [
    # user, item, time
    ("ann", "b", 50),
    ("ann", "a", 10),
    ("ann", "b", 210),
    ("ann", "c", 220),
    ("ann", "c", 230),
    ("bob", "a", 205),
    ("cid", "a", 20),
    ("dee", "c", 150),
    ("dee", "d", 250),
    ("dee", "a", 310),
]
KINDS = {"a": "buy", "b": "view", "c": "buy", "d": "view"}


def ingested(folder: Path, events: pd.DataFrame, split: Split = SPLIT) -> EvaluationEvents:
    """Events as ingestion leaves them: users in two shards, in order of user and time."""
    ordered = events.sort_values(["user_id", "timestamp"], kind="stable")
    is_first = ordered["user_id"] < "bz"
    for shard, part in enumerate((ordered[is_first], ordered[~is_first])):
        path = shard_path(folder, shard, 2)
        path.parent.mkdir(exist_ok=True)
        part.reset_index(drop=True).to_parquet(path)
    pd.DataFrame({"item_id": ["d", "c", "b", "a"]}).to_parquet(folder / "items.parquet")
    return EvaluationEvents(folder, split)


@pytest.fixture
def table() -> pd.DataFrame:
    frame = pd.DataFrame(EVENTS, columns=["user_id", "item_id", "timestamp"])
    return frame.assign(event_type=frame["item_id"].map(KINDS))


@pytest.fixture
def events(tmp_path: Path, table: pd.DataFrame) -> EvaluationEvents:
    return ingested(tmp_path, table)


def named(events: EvaluationEvents, rows: np.ndarray) -> list[str]:
    return events.item_ids[rows].tolist()


def test_cases_have_everything_before_the_window_and_distinct_targets_in_it(events: EvaluationEvents) -> None:
    cases = events.cases("eval")
    # bob has no history and cid no target.
    assert cases.user_ids == ["ann", "dee"]
    assert [named(events, cases.history_of(case)) for case in range(2)] == [["a", "b"], ["c"]]
    assert [sorted(named(events, cases.targets.row(case))) for case in range(2)] == [["b", "c"], ["d"]]


def test_event_types_go_with_the_history(events: EvaluationEvents) -> None:
    cases = events.cases("eval")
    assert cases.event_types is not None
    assert [events.event_type_names[cases.event_types.row(case)].tolist() for case in range(2)] == [
        ["buy", "view"],
        ["buy"],
    ]
    later = cases.take(np.array([1])).event_types
    assert later is not None and events.event_type_names[later.row(0)].tolist() == ["buy"]


def test_the_test_window_sees_the_eval_window_as_history(events: EvaluationEvents) -> None:
    cases = events.cases("test")
    assert cases.user_ids == ["dee"]
    assert named(events, cases.history_of(0)) == ["c", "d"]


def test_buyers_counts_distinct_users_before_a_window(events: EvaluationEvents) -> None:
    assert dict(zip(events.item_ids, events.buyers("test"), strict=True)) == {"a": 3, "b": 1, "c": 2, "d": 1}
    assert dict(zip(events.item_ids, events.buyers("ranker"), strict=True)) == {"a": 2, "b": 1, "c": 0, "d": 0}


def test_a_window_ends_where_the_next_one_starts(events: EvaluationEvents) -> None:
    assert (events.period("eval"), events.period("test")) == ((200, 300), (300, 311))


def test_history_leaves_out_the_basket_that_crosses_into_the_window(tmp_path: Path) -> None:
    rows = [("ann", "a", 190, "x"), ("ann", "b", 199, "y"), ("ann", "c", 201, "y"), ("ann", "d", 150, ""),
            ("zoe", "d", 150, "")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "basket_id"])
    crossing = ingested(tmp_path, table.assign(event_type="buy"))
    cases = crossing.cases("eval")
    assert named(crossing, cases.history_of(0)) == ["d", "a"]
    assert named(crossing, cases.targets.row(0)) == ["c"]


def test_purchases_that_were_returned_are_no_targets_and_no_history_from_the_return_on(tmp_path: Path) -> None:
    rows = [("ann", "a", 110, 150), ("ann", "b", 120, 250), ("ann", "c", 210, 500), ("ann", "d", 220, NEVER),
            ("zoe", "d", 150, NEVER)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "returned_at"])
    returned = ingested(tmp_path, table.assign(event_type="buy"))
    cases = returned.cases("eval")
    assert named(returned, cases.history_of(0)) == ["b"]
    assert named(returned, cases.targets.row(0)) == ["d"]


def test_the_last_occasion_of_each_user_is_its_test_window(tmp_path: Path, table: pd.DataFrame) -> None:
    left_out = ingested(tmp_path, table, Split("leave_last_out"))
    cases = left_out.cases("test")
    assert cases.user_ids == ["ann", "dee"]
    assert [named(left_out, cases.targets.row(case)) for case in range(2)] == [["c"], ["a"]]
    assert named(left_out, cases.history_of(0)) == ["a", "b", "b", "c"]
    assert left_out.period("test") == (230, 311)
