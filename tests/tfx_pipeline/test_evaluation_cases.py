from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation_cases import EvaluationEvents
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


Ingested = Callable[..., EvaluationEvents]


@pytest.fixture
def ingested(tmp_path: Path, write_ingested: Callable[..., None]) -> Ingested:
    def ingested(events: pd.DataFrame, split: Split = SPLIT, time: str = "clock") -> EvaluationEvents:
        write_ingested(tmp_path, events, pd.DataFrame({"item_id": ["d", "c", "b", "a"]}), time)
        return EvaluationEvents(tmp_path, split)

    return ingested


@pytest.fixture
def table() -> pd.DataFrame:
    frame = pd.DataFrame(EVENTS, columns=["user_id", "item_id", "timestamp"])
    return frame.assign(event_type=frame["item_id"].map(KINDS))


@pytest.fixture
def events(ingested: Ingested, table: pd.DataFrame) -> EvaluationEvents:
    return ingested(table)


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


def test_a_window_ends_where_the_next_one_starts(events: EvaluationEvents) -> None:
    assert (events.period("eval"), events.period("test")) == ((200, 300), (300, 311))


def test_history_leaves_out_the_basket_that_crosses_into_the_window(ingested: Ingested) -> None:
    rows = [("ann", "a", 190, "x"), ("ann", "b", 199, "y"), ("ann", "c", 201, "y"), ("ann", "d", 150, ""),
            ("zoe", "d", 150, "")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "basket_id"])
    crossing = ingested(table.assign(event_type="buy"))
    cases = crossing.cases("eval")
    assert named(crossing, cases.history_of(0)) == ["d", "a"]
    assert named(crossing, cases.targets.row(0)) == ["c"]


def test_baskets_of_two_users_may_have_one_id(ingested: Ingested) -> None:
    rows = [("ann", "a", 190, "1"), ("ann", "b", 210, "2"), ("zoe", "c", 195, "2"), ("zoe", "d", 220, "1")]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "basket_id"])
    events = ingested(table.assign(event_type="buy"))
    cases = events.cases("eval")
    assert [named(events, cases.history_of(case)) for case in range(len(cases))] == [["a"], ["c"]]


def test_purchases_that_were_returned_are_no_targets_and_no_history_from_the_return_on(ingested: Ingested) -> None:
    rows = [("ann", "a", 110, 150), ("ann", "b", 120, 250), ("ann", "c", 210, 500), ("ann", "d", 220, NEVER),
            ("zoe", "d", 150, NEVER)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "returned_at"])
    returned = ingested(table.assign(event_type="buy"))
    cases = returned.cases("eval")
    assert named(returned, cases.history_of(0)) == ["b"]
    assert named(returned, cases.targets.row(0)) == ["d"]


def test_the_last_occasion_of_each_user_is_its_test_window(ingested: Ingested, table: pd.DataFrame) -> None:
    left_out = ingested(table, Split("leave_last_out"))
    cases = left_out.cases("test")
    assert cases.user_ids == ["ann", "dee"]
    assert [named(left_out, cases.targets.row(case)) for case in range(2)] == [["c"], ["a"]]
    assert named(left_out, cases.history_of(0)) == ["a", "b", "b", "c"]
    assert left_out.period("test") == (230, 311)


def test_ages_are_days_before_the_window(ingested: Ingested) -> None:
    day = 86_400
    split = Split("time", 2 * day, 10 * day, 20 * day)
    rows = [("ann", "a", 0), ("ann", "b", 9 * day + day // 2), ("ann", "c", 11 * day), ("zoe", "d", 4 * day)]
    events = ingested(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).assign(event_type="buy"), split)
    cases = events.cases("eval")
    assert cases.ages is not None and cases.ages.values.tolist() == [10.0, 0.5]
    interactions = events.interactions("eval")
    assert interactions.ages is not None and interactions.ages.tolist() == [10.0, 0.5, 6.0]
    assert named(events, interactions.items) == ["a", "b", "d"]
    assert (interactions.users.tolist(), interactions.user_count, interactions.item_count) == ([0, 0, 1], 2, 4)


def test_an_order_has_no_ages(ingested: Ingested, table: pd.DataFrame) -> None:
    events = ingested(table, time="sequence")
    assert events.cases("eval").ages is None
    assert events.interactions("eval").ages is None


def test_ages_count_from_each_users_own_window(ingested: Ingested, table: pd.DataFrame) -> None:
    day = 86_400
    events = ingested(table.assign(timestamp=table["timestamp"] * day), Split("leave_last_out"))
    cases = events.cases("test")
    assert cases.ages is not None
    assert [cases.ages.row(case).tolist() for case in range(2)] == [[220.0, 180.0, 20.0, 10.0], [160.0, 60.0]]


def test_targets_by_event_type(events: EvaluationEvents) -> None:
    cases = events.cases("eval")
    reached = events.is_target_of("eval", ["buy"], cases)
    assert dict(zip(named(events, cases.targets.values), reached.tolist(), strict=True)) == {
        "b": False,
        "c": True,
        "d": False,
    }


def test_the_latest_event_of_a_user_before_a_window(events: EvaluationEvents) -> None:
    rows = events.latest_known("eval", ["dee", "ann"])
    assert named(events, events.items[rows]) == ["c", "b"]
