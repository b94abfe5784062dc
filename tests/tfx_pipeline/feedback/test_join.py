"""Rewards inside the attribution window."""

import re
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.feedback.joined_log import JoinedLog

OBJECTIVES = {"click": (["click", "view"], 1.0), "purchase": (["buy"], 10.0)}
WINDOW = 50
NOW = 1000


def join(folder: Path, **options) -> JoinedLog:
    return joined_log(folder, **({"objectives": OBJECTIVES, "window_seconds": WINDOW, "now": NOW} | options))


def write(folder: Path, shown: list[dict], outcomes: list[dict] = ()) -> None:
    if shown:
        makers.write_rows(folder / "shown" / "1.parquet", shown)
    if outcomes:
        makers.write_rows(folder / "outcomes" / "1.parquet", outcomes)


def test_slots_have_what_was_logged_and_what_they_earned(tmp_path: Path) -> None:
    slates = [makers.shown_row("r2", ("b", "c"), 200, policy="greedy", query="red"), makers.shown_row("r1", ("a",))]
    write(
        tmp_path,
        slates,
        [makers.outcome_row("r2", "c", "buy", 220), makers.outcome_row("r2", "c", "view", 201)],
    )
    joined = join(tmp_path)
    assert joined.request_ids.tolist() == ["r1", "r2"]
    assert joined.timestamps.tolist() == [100, 200]
    assert joined.policies.tolist() == ["thompson", "greedy"]
    assert joined.model_versions.tolist() == ["1", "1"]
    assert joined.request.tolist() == [0, 1, 1]
    assert joined.slot.tolist() == [0, 0, 1]
    assert joined.item_ids.tolist() == ["a", "b", "c"]
    assert joined.rewards.tolist() == [0.0, 0.0, 11.0]
    assert {name: values.tolist() for name, values in joined.objective_rewards.items()} == {
        "click": [0.0, 0.0, 1.0],
        "purchase": [0.0, 0.0, 10.0],
    }
    assert joined.propensities.tolist() == [0.5, 0.5, 0.25]
    assert joined.inclusions.tolist() == [0.75, 0.75, 0.75]
    assert joined.predicted.tolist() == [0.25, 0.25, 0.5]
    assert joined.features.tolist() == [[0, 1], [0, 1], [2, 3]]
    assert joined.contexts["query"].tolist() == ["", "red"]
    assert joined.contexts["history_item_ids"].map(list).tolist() == [["x"], ["x"]]
    assert (joined.counts.slates, joined.counts.joined, joined.counts.counted) == (2, 2, 2)


# What happens to one event: slate "r" shows items a and b at 100, "young" at 990; the window is 50 seconds.
@pytest.mark.parametrize(
    ("event", "fate", "reward"),
    [
        ({}, "counted", 1.0),
        ({"timestamp": 100}, "counted", 1.0),
        ({"timestamp": 150}, "counted", 1.0),
        ({"timestamp": 151}, "late", 0.0),
        ({"timestamp": 99}, "early", 0.0),
        ({"item_id": "z"}, "not_shown", 0.0),
        ({"request_id": "z"}, "unknown_request", 0.0),
        ({"request_id": "empty"}, "not_shown", 0.0),
        ({"event_type": "scroll"}, "other_event_types", 0.0),
        ({"request_id": "young", "timestamp": 995}, "of_left_out_slates", 0.0),
        ({"event_type": "buy", "value": 3.0}, "counted", 10.0),
    ],
)
def test_an_event_has_one_fate(tmp_path: Path, event: dict[str, object], fate: str, reward: float) -> None:
    slates = [makers.shown_row(), makers.shown_row("young", timestamp=990), makers.shown_row("empty", ())]
    write(tmp_path, slates, [makers.outcome_row(**event)])
    joined = join(tmp_path)
    assert joined.rewards.tolist() == [reward, 0.0]
    assert joined.request_ids.tolist() == ["empty", "r"]
    counts = asdict(joined.counts)
    assert counts["outcomes"] == counts[fate] == 1
    assert sum(list(counts.values())[5:]) == 1
    assert (counts["slates"], counts["joined"], counts["too_young"]) == (3, 2, 1)


def test_duplicates_and_further_events_of_an_objective_count_once(tmp_path: Path) -> None:
    click = makers.outcome_row(timestamp=120)
    write(
        tmp_path,
        [makers.shown_row()],
        [click, click, makers.outcome_row(timestamp=110, event_type="view"), click],
    )
    joined = join(tmp_path)
    assert joined.rewards.tolist() == [1.0, 0.0]
    assert (joined.counts.counted, joined.counts.repeated, joined.counts.duplicate) == (1, 1, 2)


def test_an_event_type_may_count_for_two_objectives(tmp_path: Path) -> None:
    write(tmp_path, [makers.shown_row()], [makers.outcome_row(event_type="buy")])
    joined = join(tmp_path, objectives={"any": (("buy", "click"), 1.0), "purchase": (("buy",), 4.0)})
    assert joined.rewards.tolist() == [5.0, 0.0]
    assert joined.counts.counted == 1


def test_a_weight_may_be_multiplied_by_the_value_of_the_first_event(tmp_path: Path) -> None:
    events = [("a", 120, 9.0), ("a", 110, 2.5), ("b", 110, None)]
    rows = [makers.outcome_row("r", item, "buy", timestamp, value) for item, timestamp, value in events]
    write(tmp_path, [makers.shown_row()], rows)
    assert join(tmp_path, times_value=["purchase"]).rewards.tolist() == [25.0, 10.0]
    assert join(tmp_path).rewards.tolist() == [10.0, 10.0]


@pytest.mark.parametrize(("now", "delay", "joined"), [(149, 0, 0), (150, 0, 1), (150, 1, 0), (151, 1, 1)])
def test_a_slate_waits_for_its_window_and_for_slow_events(tmp_path: Path, now, delay, joined) -> None:
    write(tmp_path, [makers.shown_row()])
    counts = join(tmp_path, now=now, delay_seconds=delay).counts
    assert (counts.joined, counts.too_young) == (joined, 1 - joined)


def test_slates_of_other_versions_are_left_out(tmp_path: Path) -> None:
    wider = makers.shown_row("w", ("a",), model_version="2", exploration_features=[1.0, 2.0, 3.0])
    write(tmp_path, [makers.shown_row(), wider], [makers.outcome_row("w")])
    joined = join(tmp_path, model_versions=["1"])
    assert joined.request_ids.tolist() == ["r"]
    assert (joined.counts.other_versions, joined.counts.of_left_out_slates) == (1, 1)
    assert join(tmp_path, model_versions=["2"]).features.tolist() == [[1, 2, 3]]
    file = tmp_path / "shown" / "1.parquet"
    text = f"{file}: row 1 has 2 exploration features for each item, {file}: row 2 has 3: read the log of one model"
    with pytest.raises(PipelineError, match=f"^{re.escape(text)} version at a time$"):
        join(tmp_path)


@pytest.mark.parametrize("shown", [[], [()]])
def test_a_log_without_slots_joins_to_nothing(tmp_path: Path, shown: list) -> None:
    write(tmp_path, [makers.shown_row(items=items) for items in shown], [makers.outcome_row()])
    joined = join(tmp_path)
    assert (len(joined.rewards), len(joined.request), joined.features.shape) == (0, 0, (0, 0))
    assert len(joined.request_ids) == len(joined.contexts) == len(shown)


def test_slates_without_features_have_none(tmp_path: Path) -> None:
    write(tmp_path, [makers.shown_row(exploration_features=[])])
    assert join(tmp_path).features.shape == (2, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objectives": {}}, "objectives: at least one is needed"),
        ({"objectives": {"click": ("click", 1.0)}}, "objectives: click needs a list of event types, has 'click'"),
        ({"objectives": {"click": ([], 1.0)}}, r"objectives: click needs a list of event types, has \[\]"),
        (
            {"objectives": {"click": (["click"], float("nan"))}},
            "objectives: the weight of click is nan, a finite number is needed",
        ),
        ({"window_seconds": -1}, "window_seconds: must not be negative, is -1"),
        ({"delay_seconds": -1}, "delay_seconds: must not be negative, is -1"),
        ({"times_value": ["margin"]}, "times_value: there is no objective 'margin'"),
    ],
)
def test_arguments_are_checked(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        join(tmp_path, **options)


REQUESTS = st.sampled_from(["r1", "r2", "r3"])
EVENTS = st.tuples(
    REQUESTS,
    st.sampled_from("abz"),
    st.sampled_from(["click", "view", "buy", "scroll"]),
    st.integers(90, 170),
    st.sampled_from([None, 0.5, 2.0]),
)


@st.composite
def two_ways_to_write(draw):
    """The same slates and events twice, in other orders, parts and formats; identical rows may be repeated."""
    slates, events = draw(st.lists(REQUESTS, max_size=4)), draw(st.lists(EVENTS, max_size=12))
    ways = []
    for _ in range(2):
        ways.append([draw(parts_of(slates)), draw(parts_of(events))])
    return ways


@st.composite
def parts_of(draw, rows):
    order = draw(st.permutations(rows))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    bounds = [0, *cuts, len(rows)]
    endings = st.sampled_from(["parquet", "tfrecord"])
    parts = [order[start:stop] for start, stop in pairwise(bounds) if stop > start]
    return [(draw(endings), part) for part in parts]


def test_any_order_and_chunking_gives_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=15, derandomize=True, deadline=None)
    @given(two_ways_to_write())
    def check(ways) -> None:
        results = []
        for shown, outcomes in ways:
            folder = tmp_path_factory.mktemp("log")
            for number, (ending, part) in enumerate(shown):
                rows = [makers.shown_row(name, timestamp=100 + int(name == "r3")) for name in part]
                makers.write_rows(folder / "shown" / f"{number}.{ending}", rows)
            for number, (ending, part) in enumerate(outcomes):
                makers.write_rows(
                    folder / "outcomes" / f"{number}.{ending}", [makers.outcome_row(*row) for row in part]
                )
            results.append(join(folder, times_value=["purchase"]))
        assert_equal(*results)
        counts = asdict(results[0].counts)
        assert sum(list(counts.values())[5:]) == counts["outcomes"] == sum(len(part) for _, part in ways[0][1])

    check()


def assert_equal(first: JoinedLog, second: JoinedLog) -> None:
    for field in fields(JoinedLog):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        elif field.name == "objective_rewards":
            assert {name: values.tolist() for name, values in one.items()} == {
                name: values.tolist() for name, values in other.items()
            }
        elif field.name == "contexts":
            assert one.to_json() == other.to_json()
        else:
            assert one == other


def test_rewards_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    numbers = np.random.default_rng(5)
    slates = [makers.shown_row(f"r{row}", ("a", "b", "c"), int(numbers.integers(100, 200))) for row in range(20)]
    events = [
        makers.outcome_row(
            f"r{numbers.integers(22)}",
            "abcz"[numbers.integers(4)],
            ["click", "buy", "scroll"][numbers.integers(3)],
            int(numbers.integers(90, 260)),
        )
        for _ in range(300)
    ]
    write(tmp_path, slates, events)
    joined = join(tmp_path)
    for row, request in enumerate(joined.request):
        start = joined.timestamps[request]
        types = {
            event["event_type"]
            for event in events
            if event["request_id"] == joined.request_ids[request]
            and event["item_id"] == joined.item_ids[row]
            and start <= event["timestamp"] <= start + WINDOW
        }
        assert joined.rewards[row] == ("click" in types) + 10 * ("buy" in types)
    assert joined.rewards.sum() > 0
