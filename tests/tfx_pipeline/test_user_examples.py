"""Point-in-time examples: nothing that an example shows of a target's past may be of its present or future."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.sources.event_shards import FILE, ROW, in_order
from tfx_pipeline.split import NEVER, Split
from tfx_pipeline.timeline import Timeline
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import EVAL, RANKER, TRAIN, USER_EXAMPLE, USERS
from trainer.windows import visible_from

CASES = (RANKER, EVAL)
SPLITS = (TRAIN, *CASES, USERS)
LAST_TIME = 12
BOUNDARIES = [(6, 8, 10), (9, 10, 12), (4, 6, 13), (7, 8, 9), (0, 5, 9), (11, 12, 13)]
"""Long and short windows, some without events."""

many = settings(deadline=None, max_examples=100)


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
    split: Split
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
    return Shop(events, draw(st.sampled_from([True, True, True, False])), Split("time", *boundaries), history)


def table(events: list[Event], has_baskets: bool = True) -> pa.Table:
    columns = {
        "user_id": pa.array([event.user for event in events], pa.string()),
        "item_id": pa.array([event.item for event in events], pa.string()),
        "event_type": pa.array([event.kind for event in events], pa.string()),
        "timestamp": pa.array([event.time for event in events], pa.int64()),
        ROW: pa.array([event.row for event in events], pa.int64()),
        FILE: pa.array([0] * len(events), pa.int32()),
    }
    if has_baskets:
        columns["basket_id"] = pa.array([event.basket or "" for event in events], pa.string())
    return in_order(pa.table(columns)).drop([ROW, FILE])


def examples_of(events: pa.Table, split: Split, history: HistoryConfig) -> dict[str, list[bytes]]:
    timeline = Timeline.of(events, split)
    return {name: list(examples) for name, examples in build_user_examples(events, timeline, history).items()}


def parse(example: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(example).features.feature
    return {name: list(getattr(value, value.WhichOneof("kind")).value) for name, value in features.items()}


def build(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    built = examples_of(table(shop.events, shop.has_baskets), shop.split, shop.history)
    return {name: [parse(example) for example in examples] for name, examples in built.items()}


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


def starts_and_ends(split: Split) -> dict[str, tuple[int, int]]:
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
        examples_of(table(events, shop.has_baskets), shop.split, shop.history) for events in (shop.events, shuffled)
    )
    assert first == second


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
    split, history = Split("time", 20, 30, 40), HistoryConfig(window=3, context=1, length=4)
    return [
        [(item.decode(), basket, target) for item, basket, target in zip(
            example["item_ids"], example["baskets"], example["is_target"], strict=True
        )]
        for example in map(parse, examples_of(table(STORY), split, history)[name])
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
    cases = [parse(case) for case in examples_of(table(events), Split("time", 20, 30, 40), HistoryConfig())[RANKER]]
    assert [case["item_ids"] for case in cases] == [[b"i2", b"i1"]]


def test_a_user_whose_whole_past_is_in_the_basket_of_a_target_has_an_empty_history() -> None:
    events = [Event("u", "i0", "buy", 19, 0, "1"), Event("u", "i1", "buy", 20, 1, "1")]
    (case,) = map(parse, examples_of(table(events), Split("time", 20, 30, 40), HistoryConfig())[RANKER])
    assert (case["item_ids"], case["is_target"]) == ([b"i1"], [1])


def test_the_features_are_those_of_the_feature_definitions() -> None:
    kinds = {"string": "bytes_list", "int": "int64_list"}
    for examples in examples_of(table(STORY), Split("time", 20, 30, 40), HistoryConfig()).values():
        for example in examples:
            found = tf.train.Example.FromString(example).features.feature
            assert {name: value.WhichOneof("kind") for name, value in found.items()} == {
                feature.name: kinds[feature.kind] for feature in USER_EXAMPLE
            }


def test_no_events_are_no_examples() -> None:
    built = examples_of(table([]), Split("time", 20, 30, 40), HistoryConfig())
    assert built == {name: [] for name in SPLITS}


def test_columns_of_the_shop_go_with_the_events() -> None:
    events = table(STORY).append_column("device", pa.array([f"d{row}" for row in range(len(STORY))]))
    events = events.append_column("rating", pa.array([row / 2 for row in range(len(STORY))]))
    (case,) = map(parse, examples_of(events, Split("time", 20, 30, 40), HistoryConfig(length=2))[RANKER])
    assert case["item_ids"] == [b"salt", b"flour"]
    assert case["event_device"] == [b"d2", b"d4"]
    assert case["event_rating"] == [1.0, 2.0]


RETURNS = [
    # item, time, returned at, basket
    ("a", 10, 15),
    ("b", 11, 25),
    ("c", 22, 24),
    ("d", 23, 99),
    ("e", 31, NEVER),
    ("f", 33, 35),
]


def with_returns() -> pa.Table:
    events = table([Event("u", item, "buy", time, row, "") for row, (item, time, _) in enumerate(RETURNS)])
    return events.append_column("returned_at", pa.array([returned for *_, returned in RETURNS], pa.int64()))


def seen(name: str) -> list[tuple[list[str], list[str]]]:
    """Histories and targets of a split."""
    found = []
    for case in map(parse, examples_of(with_returns(), Split("time", 20, 30, 40), HistoryConfig())[name]):
        items = [item.decode() for item in case["item_ids"]]
        targets = [item for item, is_target in zip(items, case["is_target"], strict=True) if is_target]
        found.append(([item for item in items if item not in targets], targets))
    return found


def test_a_purchase_that_was_taken_back_is_no_target_if_the_return_came_within_its_window() -> None:
    # The return of b is not known before the ranker window, that of d not before the end of the data.
    assert seen(TRAIN) == [(["a"], ["b"])]
    assert seen(RANKER) == [(["b"], ["d"])]
    assert seen(EVAL) == [(["d"], ["e"])]


def test_a_purchase_is_gone_from_the_user_store_once_it_was_taken_back() -> None:
    assert seen(USERS) == [(["d"], [])]


def test_one_case_an_event_sees_what_came_before_it() -> None:
    events = [
        Event("u", "a", "buy", 10, 0, ""),
        Event("u", "b", "buy", 21, 1, "x"),
        Event("u", "c", "buy", 21, 2, "x"),
        Event("u", "d", "buy", 25, 3, "x"),
        Event("v", "e", "buy", 26, 4, ""),
    ]
    history = HistoryConfig(length=3, ranker_cases="event")
    cases = map(parse, examples_of(table(events), Split("time", 20, 30, 40), history)[RANKER])
    assert [(case["item_ids"], case["is_target"]) for case in cases] == [
        ([b"a", b"b"], [0, 1]),
        ([b"a", b"c"], [0, 1]),
        ([b"a", b"d"], [0, 1]),
        ([b"e"], [1]),
    ]


@many
@given(shops())
def test_one_case_an_event_is_the_rule_of_the_contract(shop: Shop) -> None:
    shop = replace(shop, history=shop.history.model_copy(update={"ranker_cases": "event"}))
    targets: Counter[Event] = Counter()
    ordered = sorted(shop.with_baskets_as_known(), key=lambda event: (event.user, event.time, event.row))
    for example in build(shop)[RANKER]:
        *history, target = traced(shop, example)
        assert target.is_target and not any(position.is_target for position in history)
        targets[target.event] += 1
        earlier = [e for e in ordered if e.user == target.event.user and e.time < target.event.time]
        latest = earlier[-shop.history.length :]
        assert [position.event for position in history] == [e for e in latest if may_see(target.event, e)]
    assert targets == Counter(in_window(shop, shop.split.ranker_start, shop.split.eval_start))


@many
@given(shops())
def test_the_last_occasions_left_out_show_no_case_its_future(shop: Shop) -> None:
    shop = replace(shop, split=Split("leave_last_out"))
    built = build(shop)
    for name in CASES:
        for example in built[name]:
            positions = traced(shop, example)
            targets = [position.event for position in positions if position.is_target]
            assert targets
            assert all(may_see(target, each.event) for target in targets for each in positions if not each.is_target)
