"""Point-in-time examples: nothing that an example shows of a target's past may be of its present or future."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.time_split import TimeSplit
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import EVAL, RANKER, TRAIN, USER_EXAMPLE, USERS
from trainer.windows import visible_from

CASES = (RANKER, EVAL)
SPLITS = (TRAIN, *CASES, USERS)
LAST_TIME = 12
BOUNDARIES = [(6, 8, 10), (9, 10, 12), (4, 6, 13), (7, 8, 9), (0, 5, 9), (11, 12, 13)]
"""Long and short windows, some without events."""

many = settings(deadline=None, max_examples=300)


class Event(NamedTuple):
    """One event; `item` is different for every event, so that a position of an example can be traced to it."""

    user: str
    item: str
    kind: str
    time: int
    row: int
    basket: str | None


@dataclass(frozen=True)
class Shop:
    events: list[Event]
    has_baskets: bool
    split: TimeSplit
    history: HistoryConfig

    def with_baskets_as_known(self) -> list[Event]:
        return [event if self.has_baskets else event._replace(basket=None) for event in self.events]


class Position(NamedTuple):
    """One position of an example, as the table tells it."""

    event: Event
    is_target: bool


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    """Few users, times and baskets, so that ties, spanning baskets and events on a boundary are the rule."""
    users, kinds = st.sampled_from("abc"), st.sampled_from(["view", "buy"])
    times, baskets = st.integers(0, LAST_TIME), st.sampled_from(["p", "q", "", None])
    event = st.tuples(users, kinds, times, baskets)
    # Left alone, Hypothesis prefers short lists, in which little can leak.
    size = draw(st.sampled_from([20, 10, 30, 0, 1, 2]))
    drawn = draw(st.lists(event, min_size=size, max_size=size + 10))
    events = [Event(user, f"i{row}", kind, time, row, basket) for row, (user, kind, time, basket) in enumerate(drawn)]
    boundaries = draw(st.sampled_from(BOUNDARIES))
    lengths = st.sampled_from([5, 3, 2, 1]), st.sampled_from([4, 2, 1, 0]), st.sampled_from([6, 4, 2, 1])
    window, context, length = draw(st.tuples(*lengths))
    history = HistoryConfig(window=window, context=context, length=length)
    return Shop(events, draw(st.sampled_from([True, True, True, False])), TimeSplit(*boundaries), history)


def table(events: list[Event], has_baskets: bool = True) -> pa.Table:
    columns = {
        "user_id": pa.array([event.user for event in events], pa.string()),
        "item_id": pa.array([event.item for event in events], pa.string()),
        "event_type": pa.array([event.kind for event in events], pa.string()),
        "timestamp": pa.array([event.time for event in events], pa.int64()),
        "row": pa.array([event.row for event in events], pa.int64()),
    }
    if has_baskets:
        columns["basket_id"] = pa.array([event.basket for event in events], pa.string())
    return pa.table(columns)


def build(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    batches = build_user_examples(table(shop.events, shop.has_baskets), shop.split, shop.history)
    return {name: batch.to_pylist() for name, batch in batches.items()}


def traced(shop: Shop, example: dict[str, Any]) -> list[Position]:
    """The events that the positions of an example stand for, checked against what the example says of them."""
    by_item = {event.item: event for event in shop.with_baskets_as_known()}
    positions = []
    for item, kind, time, is_target in zip(
        example["item_ids"], example["event_types"], example["timestamps"], example["is_target"], strict=True
    ):
        event = by_item[item.decode()]
        assert (event.kind.encode(), event.time, [event.user.encode()]) == (kind, time, example["user_id"])
        positions.append(Position(event, bool(is_target)))
    return positions


def may_see(target: Event, other: Event) -> bool:
    """The rule of the data contract."""
    return other.time < target.time and not (target.basket and target.basket == other.basket)


def in_window(shop: Shop, start: int, end: int) -> list[Event]:
    return [event for event in shop.with_baskets_as_known() if start <= event.time < end]


def starts_and_ends(split: TimeSplit) -> dict[str, tuple[int, int]]:
    return {RANKER: (split.ranker_start, split.eval_start), EVAL: (split.eval_start, split.test_start)}


@many
@given(shops())
def test_a_training_target_sees_exactly_its_past(shop: Shop) -> None:
    for example in build(shop)[TRAIN]:
        positions = traced(shop, example)
        targets = [index for index, position in enumerate(positions) if position.is_target]
        times, baskets = np.array([example["timestamps"]]), np.array([example["baskets"]])
        visible = visible_from(times, baskets, np.array([targets])).numpy()[0]
        for row, target in zip(visible, targets, strict=True):
            rule = [may_see(positions[target].event, other.event) for other in positions]
            assert row.tolist() == rule


@many
@given(shops())
def test_no_case_shows_the_present_or_future_of_a_target(shop: Shop) -> None:
    examples = build(shop)
    for name in CASES:
        for example in examples[name]:
            positions = traced(shop, example)
            history = [position.event for position in positions if not position.is_target]
            targets = [position.event for position in positions if position.is_target]
            assert targets
            assert all(may_see(target, seen) for target in targets for seen in history)


@many
@given(shops())
def test_every_event_of_the_training_window_is_a_target_once(shop: Shop) -> None:
    targets: Counter[Event] = Counter()
    for example in build(shop)[TRAIN]:
        positions = traced(shop, example)
        targets.update(position.event for position in positions if position.is_target)
        assert 1 <= sum(position.is_target for position in positions) <= shop.history.window
        assert all(position.event.time < shop.split.ranker_start for position in positions)
    assert targets == Counter(in_window(shop, -1, shop.split.ranker_start))


@many
@given(shops())
def test_every_event_of_a_later_window_is_a_target_of_one_case(shop: Shop) -> None:
    examples = build(shop)
    for name, (start, end) in starts_and_ends(shop.split).items():
        targets = Counter(
            position.event for case in examples[name] for position in traced(shop, case) if position.is_target
        )
        assert targets == Counter(in_window(shop, start, end))
        owners = [case["user_id"][0] for case in examples[name]]
        assert len(owners) == len(set(owners))


@many
@given(shops())
def test_the_user_store_ends_before_the_eval_window(shop: Shop) -> None:
    stored = build(shop)[USERS]
    for example in stored:
        assert not any(example["is_target"])
        assert max(example["timestamps"]) < shop.split.eval_start
    known = {event.user.encode() for event in in_window(shop, -1, shop.split.eval_start)}
    assert [example["user_id"][0] for example in stored] == sorted(known)


@many
@given(shops())
def test_the_examples_are_those_of_the_reference(shop: Shop) -> None:
    built = build(shop)
    expected = reference(shop)
    for name in SPLITS:
        assert [traced(shop, example) for example in built[name]] == expected[name], name
        for example, positions in zip(built[name], expected[name], strict=True):
            events = [position.event for position in positions]
            assert pattern(example["baskets"]) == pattern([event.basket or event.row for event in events])
            assert min(example["baskets"]) >= 0


@many
@given(shops(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_rows_does_not_matter(shop: Shop, random: Any) -> None:
    shuffled = random.sample(shop.events, len(shop.events))
    first, second = (
        build_user_examples(table(events, shop.has_baskets), shop.split, shop.history)
        for events in (shop.events, shuffled)
    )
    assert all(first[name].equals(second[name]) for name in SPLITS)


@many
@given(shops(), st.fixed_dictionaries({user: st.integers(0, 2) for user in "abc"}))
def test_the_shard_of_a_user_does_not_matter(shop: Shop, shard_of: dict[str, int]) -> None:
    whole = build(shop)
    shards = [[event for event in shop.events if shard_of[event.user] == number] for number in range(3)]
    parts = [build(replace(shop, events=events)) for events in shards]
    for name in SPLITS:
        together = [example for part in parts for example in part[name]]
        # The sort is stable, so the windows of a user keep their order.
        assert sorted(together, key=lambda example: example["user_id"]) == whole[name]


def reference(shop: Shop) -> dict[str, list[list[Position]]]:
    """The definition of the splits in plain Python, event by event."""
    events = sorted(shop.with_baskets_as_known(), key=lambda event: (event.user, event.time, event.row))
    users = [[event for event in events if event.user == user] for user in sorted({event.user for event in events})]
    length = shop.history.length
    examples: dict[str, list[list[Position]]] = {name: [] for name in SPLITS}
    for mine in users:
        examples[TRAIN] += reference_windows([e for e in mine if e.time < shop.split.ranker_start], shop.history)
        for name, (start, end) in starts_and_ends(shop.split).items():
            targets = [event for event in mine if start <= event.time < end]
            latest = [event for event in mine if event.time < start][-length:]
            history = [event for event in latest if all(may_see(target, event) for target in targets)]
            if targets:
                examples[name].append([Position(e, False) for e in history] + [Position(e, True) for e in targets])
        stored = [event for event in mine if event.time < shop.split.eval_start][-length:]
        if stored:
            examples[USERS].append([Position(event, False) for event in stored])
    return examples


def reference_windows(events: list[Event], history: HistoryConfig) -> list[list[Position]]:
    windows = []
    for first in range(0, len(events), history.window):
        context = events[max(0, first - history.context) : first]
        targets = events[first : first + history.window]
        windows.append([Position(e, False) for e in context] + [Position(e, True) for e in targets])
    return windows


def pattern(labels: list[Any]) -> list[int]:
    """Which labels are equal, whatever they are: the position of the first equal one."""
    return [labels.index(label) for label in labels]


STORY = [
    Event("u", "bread", "buy", 10, 0, "b1"),
    Event("u", "butter", "buy", 10, 1, "b1"),
    Event("u", "salt", "view", 15, 2, ""),
    Event("u", "eggs", "buy", 19, 3, "b2"),
    Event("u", "flour", "buy", 20, 4, "b2"),
    Event("u", "milk", "buy", 30, 5, "b3"),
    Event("u", "tea", "buy", 40, 6, None),
    Event("v", "tea", "view", 5, 7, "b1"),
]
"""The ranker window starts with the second half of basket b2."""


def story(name: str, user: str = "u") -> list[list[tuple[str, int, int]]]:
    split, history = TimeSplit(20, 30, 40), HistoryConfig(window=3, context=1, length=4)
    return [
        [(item.decode(), basket, target) for item, basket, target in zip(
            example["item_ids"], example["baskets"], example["is_target"], strict=True
        )]
        for example in build_user_examples(table(STORY), split, history)[name].to_pylist()
        if example["user_id"] == [user.encode()]
    ]  # fmt: skip


def test_a_story_in_training_windows() -> None:
    assert story(TRAIN) == [
        [("bread", 0, 1), ("butter", 0, 1), ("salt", 2, 1)],
        [("salt", 2, 0), ("eggs", 3, 1)],
    ]


def test_a_story_in_cases() -> None:
    assert story(RANKER) == [[("bread", 0, 0), ("butter", 0, 0), ("salt", 2, 0), ("flour", 3, 1)]]
    assert story(EVAL) == [[("butter", 0, 0), ("salt", 2, 0), ("eggs", 3, 0), ("flour", 3, 0), ("milk", 5, 1)]]


def test_a_story_in_the_user_store() -> None:
    assert story(USERS) == [[("butter", 0, 0), ("salt", 2, 0), ("eggs", 3, 0), ("flour", 3, 0)]]


def test_a_user_who_was_last_seen_in_training_has_no_case() -> None:
    assert story(TRAIN, "v") == [[("tea", 0, 1)]]
    assert story(RANKER, "v") == story(EVAL, "v") == []
    assert story(USERS, "v") == [[("tea", 0, 0)]]


def test_a_basket_id_that_two_users_share_is_two_baskets() -> None:
    events = [
        Event("u", "i0", "buy", 19, 0, "1"),
        Event("v", "i1", "buy", 20, 1, "1"),
        Event("v", "i2", "buy", 1, 2, ""),
    ]
    cases = build_user_examples(table(events), TimeSplit(20, 30, 40), HistoryConfig())[RANKER].to_pylist()
    assert [case["item_ids"] for case in cases] == [[b"i2", b"i1"]]


def test_a_user_whose_whole_past_is_in_the_basket_of_a_target_has_an_empty_history() -> None:
    events = [Event("u", "i0", "buy", 19, 0, "1"), Event("u", "i1", "buy", 20, 1, "1")]
    (case,) = build_user_examples(table(events), TimeSplit(20, 30, 40), HistoryConfig())[RANKER].to_pylist()
    assert (case["item_ids"], case["is_target"]) == ([b"i1"], [1])


@pytest.mark.parametrize("events", [STORY, []], ids=["events", "no events"])
def test_the_columns_are_those_of_the_feature_definitions(events: list[Event]) -> None:
    kinds = {"string": pa.binary(), "int": pa.int64()}
    for batch in build_user_examples(table(events), TimeSplit(20, 30, 40), HistoryConfig()).values():
        assert batch.schema.names == [feature.name for feature in USER_EXAMPLE]
        assert [field.type.value_type for field in batch.schema] == [kinds[feature.kind] for feature in USER_EXAMPLE]
        assert all(column.null_count == 0 and column.flatten().null_count == 0 for column in batch.columns)


def test_input_in_several_chunks_is_one_table() -> None:
    split, history = TimeSplit(20, 30, 40), HistoryConfig()
    chunked = pa.concat_tables([table(STORY[:3]), table(STORY[3:])])
    whole, parts = (build_user_examples(events, split, history) for events in (table(STORY), chunked))
    assert all(whole[name].equals(parts[name]) for name in SPLITS)
