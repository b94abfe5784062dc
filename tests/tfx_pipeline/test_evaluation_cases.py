from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.time_split import TimeSplit

SPLIT = TimeSplit(ranker_start=100, eval_start=200, test_start=300)
EVENTS = [
    # user, item, time; not in order
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


@pytest.fixture
def events(tmp_path: Path) -> EvaluationEvents:
    table = pd.DataFrame(EVENTS, columns=["user_id", "item_id", "timestamp"])
    table.assign(event_type=table["item_id"].map(KINDS)).to_parquet(tmp_path / "events.parquet")
    pd.DataFrame({"item_id": ["d", "c", "b", "a"]}).to_parquet(tmp_path / "items.parquet")
    return EvaluationEvents(tmp_path)


def named(events: EvaluationEvents, rows: np.ndarray) -> list[str]:
    return events.item_ids[rows].tolist()


def test_cases_have_everything_before_the_window_and_distinct_targets_in_it(events: EvaluationEvents) -> None:
    cases = events.cases(SPLIT, "eval")
    # bob has no history and cid no target.
    assert cases.user_ids == ["ann", "dee"]
    assert [named(events, cases.history_of(case)) for case in range(2)] == [["a", "b"], ["c"]]
    assert [sorted(named(events, cases.targets.row(case))) for case in range(2)] == [["b", "c"], ["d"]]


def test_event_types_go_with_the_history(events: EvaluationEvents) -> None:
    cases = events.cases(SPLIT, "eval")
    assert cases.event_types is not None
    assert [events.event_type_names[cases.event_types.row(case)].tolist() for case in range(2)] == [
        ["buy", "view"],
        ["buy"],
    ]
    later = cases.take(np.array([1])).event_types
    assert later is not None and events.event_type_names[later.row(0)].tolist() == ["buy"]


def test_the_test_window_sees_the_eval_window_as_history(events: EvaluationEvents) -> None:
    cases = events.cases(SPLIT, "test")
    assert cases.user_ids == ["dee"]
    assert named(events, cases.history_of(0)) == ["c", "d"]


def test_buyers_counts_distinct_users_before_a_time(events: EvaluationEvents) -> None:
    assert dict(zip(events.item_ids, events.buyers(before=300), strict=True)) == {"a": 3, "b": 1, "c": 2, "d": 1}
    assert dict(zip(events.item_ids, events.buyers(before=20), strict=True)) == {"a": 1, "b": 0, "c": 0, "d": 0}


def test_history_leaves_out_the_basket_that_crosses_into_the_window(tmp_path: Path) -> None:
    rows = [("ann", "a", 190, "x"), ("ann", "b", 199, "y"), ("ann", "c", 201, "y"), ("ann", "d", 150, "")]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "basket_id"])
    table.assign(event_type="buy").to_parquet(tmp_path / "events.parquet")
    pd.DataFrame({"item_id": ["a", "b", "c", "d"]}).to_parquet(tmp_path / "items.parquet")
    crossing = EvaluationEvents(tmp_path)
    cases = crossing.cases(SPLIT, "eval")
    assert named(crossing, cases.history_of(0)) == ["d", "a"]
    assert named(crossing, cases.targets.row(0)) == ["c"]
