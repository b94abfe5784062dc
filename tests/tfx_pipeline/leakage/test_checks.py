"""Every way in which an example could leak is told, under the rule that it breaks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.leakage.windows import AuditSplit
from trainer.features import EVAL, RANKER, TRAIN, USERS

Examples = dict[str, list[dict[str, list[Any]]]]
Mutation = Callable[[Any, Examples], None]


def test_what_the_builder_writes_passes_with_counts(tmp_path: Path, shop: Any) -> None:
    examples = shop.build()
    report = shop.audit(tmp_path, examples)
    assert report.passed
    assert not report.failures
    assert all(check.first == "" for check in report.checks)
    positions = {name: sum(len(example["item_ids"]) for example in group) for name, group in examples.items()}
    targets = {name: sum(sum(example["is_target"]) for example in group) for name, group in examples.items()}
    history_of_cases = sum(positions[name] - targets[name] for name in (RANKER, EVAL))
    assert min(targets[TRAIN], targets[RANKER], targets[EVAL], history_of_cases) > 0
    baskets = {TRAIN: 3, RANKER: 3 + 2, EVAL: 3 + 2 + 1, USERS: 3 + 2}
    assert {check.name: check.checked for check in report.checks} == {
        "events exist": sum(positions.values()),
        "order": sum(positions.values()),
        "basket numbers": sum(baskets.values()),
        "training window": positions[TRAIN],
        "targets in window": targets[RANKER] + targets[EVAL],
        "history before window": history_of_cases,
        "history before targets": history_of_cases,
        "own basket": 3 + (3 + 2),
        "stored users": positions[USERS],
        "test window": sum(positions.values()),
        "returned history": history_of_cases + positions[USERS],
        "returned targets": targets[TRAIN] + targets[RANKER] + targets[EVAL],
    }


def shift_a_target_before_its_history(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, EVAL, "ann")
    example["timestamps"][shop.place(example, "oat")] = 5


def take_a_target_of_the_past(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, EVAL, "ann")
    example["is_target"][shop.place(example, "egg")] = 1


def move_history_into_the_window(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, RANKER, "ann")
    example["is_target"][shop.place(example, "jam", "view")] = 0


def repeat_an_event(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, TRAIN, "ann"), shop.named("milk", "view"), 0, 1)


def train_on_the_test_window(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, TRAIN, "ann"), shop.named("nut"), 4, 1)


def answer_with_the_test_window(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, EVAL, "ann")
    shop.put(example, shop.named("nut"), len(example["item_ids"]), 1)


def number_a_basket_wrongly(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, TRAIN, "ann")
    example["baskets"][shop.place(example, "egg")] = 99


def write_a_stranger(shop: Any, examples: Examples) -> None:
    shop.of(examples, EVAL, "bob")["user_id"] = [b"eve"]


def rename_an_item(shop: Any, examples: Examples) -> None:
    shop.of(examples, USERS, "ann")["item_ids"][0] = b"ghost"


def store_the_eval_window(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, USERS, "ann"), shop.named("oat"), 7, 0)


def swap_two_events(shop: Any, examples: Examples) -> None:
    for values in list(shop.of(examples, TRAIN, "ann").values())[1:]:
        values[0], values[3] = values[3], values[0]


def answer_with_the_next_window(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, RANKER, "ann"), shop.named("oat"), 7, 1)


def remember_what_was_returned(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, EVAL, "bob"), shop.named("bun"), 1, 0)


def store_what_was_returned(shop: Any, examples: Examples) -> None:
    shop.put(shop.of(examples, USERS, "bob"), shop.named("bun"), 1, 0)


def learn_what_was_returned(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, TRAIN, "bob")
    example["is_target"][shop.place(example, "cup")] = 1


def ask_for_what_was_returned(shop: Any, examples: Examples) -> None:
    example = shop.of(examples, EVAL, "bob")
    shop.put(example, shop.named("ice"), shop.place(example, "rice"), 1)


MUTATIONS: list[tuple[Mutation, list[str]]] = [
    (
        shift_a_target_before_its_history,
        [
            "events exist: 1 of 42 positions (split eval, user ann, item oat, buy at 1970-01-01T00:00:05)",
            "order: 1 of 42 positions (split eval, user ann, item oat, buy at 1970-01-01T00:00:05)",
            "targets in window: 1 of 7 positions (split eval, user ann, item oat, buy at 1970-01-01T00:00:05)",
            "history before targets: 7 of 17 positions (split eval, user ann, item milk, view at 1970-01-01T00:00:10)",
        ],
    ),
    (
        take_a_target_of_the_past,
        [
            "targets in window: 1 of 8 positions (split eval, user ann, item egg, buy at 1970-01-01T00:00:30)",
            "history before targets: 3 of 16 positions (split eval, user ann, item jam, view at 1970-01-01T00:01:50)",
            "own basket: 2 of 7 positions (split eval, user ann, item milk, buy at 1970-01-01T00:00:20)",
        ],
    ),
    (
        move_history_into_the_window,
        [
            "history before window: 1 of 18 positions (split ranker, user ann, item jam, view at 1970-01-01T00:01:50)",
        ],
    ),
    (
        repeat_an_event,
        [
            "events exist: 1 of 43 positions (split train, user ann, item milk, view at 1970-01-01T00:00:10)",
        ],
    ),
    (
        train_on_the_test_window,
        [
            "training window: 1 of 9 positions (split train, user ann, item nut, buy at 1970-01-01T00:05:10)",
            "test window: 1 of 43 positions (split train, user ann, item nut, buy at 1970-01-01T00:05:10)",
        ],
    ),
    (
        answer_with_the_test_window,
        [
            "targets in window: 1 of 8 positions (split eval, user ann, item nut, buy at 1970-01-01T00:05:10)",
            "test window: 1 of 43 positions (split eval, user ann, item nut, buy at 1970-01-01T00:05:10)",
        ],
    ),
    (
        number_a_basket_wrongly,
        [
            "basket numbers: 1 of 19 positions (split train, user ann, item egg, buy at 1970-01-01T00:00:30)",
        ],
    ),
    (
        write_a_stranger,
        [
            "events exist: 4 of 42 positions (split eval, user eve, item pea, buy at 1970-01-01T00:00:40)",
        ],
    ),
    (
        rename_an_item,
        [
            "events exist: 1 of 42 positions (split users, user ann, item ghost, view at 1970-01-01T00:00:10)",
        ],
    ),
    (
        store_the_eval_window,
        [
            "stored users: 1 of 11 positions (split users, user ann, item oat, buy at 1970-01-01T00:03:30)",
        ],
    ),
    (
        swap_two_events,
        [
            "order: 2 of 42 positions (split train, user ann, item milk, buy at 1970-01-01T00:00:20)",
        ],
    ),
    (
        answer_with_the_next_window,
        [
            "targets in window: 1 of 8 positions (split ranker, user ann, item oat, buy at 1970-01-01T00:03:30)",
        ],
    ),
    (
        remember_what_was_returned,
        [
            "returned history: 1 of 28 positions (split eval, user bob, item bun, buy at 1970-01-01T00:01:00)",
        ],
    ),
    (
        store_what_was_returned,
        [
            "returned history: 1 of 28 positions (split users, user bob, item bun, buy at 1970-01-01T00:01:00)",
        ],
    ),
    (
        learn_what_was_returned,
        [
            "returned targets: 1 of 15 positions (split train, user bob, item cup, buy at 1970-01-01T00:01:10)",
        ],
    ),
    (
        ask_for_what_was_returned,
        [
            "returned targets: 1 of 15 positions (split eval, user bob, item ice, buy at 1970-01-01T00:03:50)",
        ],
    ),
]


@pytest.mark.parametrize(("mutate", "failures"), MUTATIONS, ids=[mutate.__name__ for mutate, _ in MUTATIONS])
def test_each_leak_is_told(tmp_path: Path, shop: Any, mutate: Mutation, failures: list[str]) -> None:
    examples = shop.build()
    mutate(shop, examples)
    report = shop.audit(tmp_path, examples)
    assert [check.describe() for check in report.failures] == failures
    assert not report.passed


def test_a_basket_across_the_start_of_a_window_is_told(tmp_path: Path, shop: Any) -> None:
    merged = [event._replace(basket="b3") if event.item == "egg" else event for event in shop.events]
    report = shop.audit(tmp_path, shop.build(), merged)
    assert [check.describe() for check in report.failures] == [
        "basket numbers: 1 of 19 positions (split eval, user ann, item oat, buy at 1970-01-01T00:03:30)",
        "own basket: 1 of 8 positions (split eval, user ann, item egg, buy at 1970-01-01T00:00:30)",
    ]


def test_history_at_the_time_of_a_target_is_told(tmp_path: Path, shop: Any) -> None:
    by_event = AuditSplit("time", 100, 200, 300, ranker_cases="event")
    salt, sage = (shop.event("ann", item, "view", 140) for item in ("salt", "sage"))
    events = [*shop.events, salt, sage]
    examples = shop.build(events, by_event, shop.history.model_copy(update={"ranker_cases": "event"}))
    assert shop.audit(tmp_path, examples, events, by_event).passed
    last = [example for example in examples[RANKER] if example["user_id"] == [b"ann"]][-1]
    assert shop.targets(last) == ["sage"]
    shop.put(last, salt, len(last["item_ids"]) - 1, 0)
    report = shop.audit(tmp_path, examples, events, by_event)
    assert [check.name for check in report.failures] == ["history before targets"]
    assert report.failures[0].first == "split ranker, user ann, item salt, view at 1970-01-01T00:02:20"


def test_cases_of_a_window_have_no_history_from_within_it(tmp_path: Path, shop: Any) -> None:
    examples = shop.build(history=shop.history.model_copy(update={"ranker_cases": "event"}))
    report = shop.audit(tmp_path, examples)
    assert [check.name for check in report.failures] == ["history before window"]


def test_equal_events_of_two_baskets_raise_no_false_alarm(tmp_path: Path, shop: Any) -> None:
    """Two purchases that differ in nothing but the basket: an example that has one of them may have either."""
    events = [
        shop.event("ann", "tea", "buy", 10, "p"),
        shop.event("ann", "tea", "buy", 10, "q"),
        shop.event("ann", "jam", "buy", 110, "q"),
        shop.event("bob", "tea", "buy", 10),
    ]
    examples = shop.build(events)
    case = shop.of(examples, RANKER, "ann")
    assert (case["item_ids"], case["is_target"]) == ([b"tea", b"jam"], [0, 1])
    assert shop.audit(tmp_path, examples, events).passed
    shop.put(case, events[1], 1, 0)
    report = shop.audit(tmp_path, examples, events)
    assert [check.name for check in report.failures] == ["basket numbers", "own basket"]
