"""Random shops: no alarm at what the builder writes, and an alarm at any one forbidden change of it."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.leakage.windows import NEVER, AuditSplit
from trainer.features import EVAL, RANKER

Example = dict[str, list[Any]]
Examples = dict[str, list[Example]]
Change = Callable[[], None]

LAST_TIME = 12
BOUNDARIES = [(6, 8, 10), (4, 6, 13), (7, 8, 9), (1, 5, 9)]
BY_TIME = [AuditSplit("time", *boundaries) for boundaries in BOUNDARIES]
LENGTHS = [(5, 4, 6), (2, 2, 3), (1, 0, 1)]
"""Targets and context of a training window, and length of a history."""


@st.composite
def shops(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Few users, items, times and baskets, so that ties, equal events and baskets across windows are the rule."""
    texts = (st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from(["view", "buy"]))
    times, baskets = st.integers(0, LAST_TIME), st.sampled_from(["p", "q", ""])
    waits, windows = st.sampled_from([NEVER, NEVER, 1, 3, 5]), st.sampled_from([0, 0, 2, 3])
    # Left alone, Hypothesis prefers short lists, in which little can leak.
    size = draw(st.sampled_from([20, 10, 30]))
    drawn = draw(st.lists(st.tuples(*texts, times, baskets, waits, windows), min_size=size, max_size=size + 10))
    returned = (NEVER if event[5] == NEVER else event[3] + event[5] for event in drawn)
    return [(*event[:5], time, event[6]) for event, time in zip(drawn, returned, strict=True)]


@settings(deadline=None, max_examples=40)
@given(
    shops(),
    st.sampled_from([*BY_TIME, AuditSplit("files", ranker_start=6), AuditSplit("leave_last_out")]),
    st.sampled_from(["user", "event"]),
    st.sampled_from(LENGTHS),
)
def test_the_builder_leaks_nothing(
    shop: Any, drawn: list[tuple[Any, ...]], split: AuditSplit, ranker_cases: Any, lengths: tuple[int, int, int]
) -> None:
    events = [shop.event(*values) for values in drawn]
    if split.method != "files":
        events = [event._replace(window=0) for event in events]
    window, context, length = lengths
    history = HistoryConfig(window=window, context=context, length=length, ranker_cases=ranker_cases)
    examples = shop.build(events, split, history)
    with tempfile.TemporaryDirectory() as folder:
        report = shop.audit(Path(folder), examples, events, replace(split, ranker_cases=ranker_cases))
    assert [check.describe() for check in report.failures] == []
    assert report.checks[0].checked == sum(len(example["item_ids"]) for example in every(examples))


def every(examples: Examples) -> Iterator[Example]:
    return (example for group in examples.values() for example in group)


def swaps(examples: Examples) -> Iterator[Change]:
    """Two events of different times change places."""
    for example in every(examples):
        for first, second in combinations(range(len(example["timestamps"])), 2):
            if example["timestamps"][first] != example["timestamps"][second]:
                yield partial(swap, example, first, second)


def swap(example: Example, first: int, second: int) -> None:
    for name in ("item_ids", "event_types", "timestamps", "baskets"):
        example[name][first], example[name][second] = example[name][second], example[name][first]


def answers_of_the_past(examples: Examples) -> Iterator[Change]:
    """An event of a case's history becomes one of its targets."""
    for example in (example for name in (RANKER, EVAL) for example in examples[name]):
        for position, is_target in enumerate(example["is_target"]):
            if not is_target:
                yield partial(example["is_target"].__setitem__, position, 1)


def strangers(examples: Examples) -> Iterator[Change]:
    """The events of a user get the name of another one."""
    for example in every(examples):
        for user in {b"a", b"b", b"c"} - set(example["user_id"]):
            yield partial(example["user_id"].__setitem__, 0, user)


def divided_baskets(examples: Examples) -> Iterator[Change]:
    """One of several events of a basket gets a number of its own; equal numbers are of one basket."""
    for example in every(examples):
        for position, number in enumerate(example["baskets"]):
            if example["baskets"].count(number) > 1:
                yield partial(example["baskets"].__setitem__, position, 1000)


@settings(deadline=None, max_examples=40)
@given(
    shops(),
    st.sampled_from(BY_TIME),
    st.sampled_from([swaps, answers_of_the_past, strangers, divided_baskets]),
    st.data(),
)
def test_one_forbidden_change_is_found(
    shop: Any, drawn: list[tuple[Any, ...]], split: AuditSplit, kind: Callable[[Examples], Iterator[Change]], data: Any
) -> None:
    # Distinct items: where events are equal, a change may be none.
    events = [shop.event(*values)._replace(item=f"i{row}", window=0) for row, values in enumerate(drawn)]
    examples = shop.build(events, split, HistoryConfig(window=5, context=4, length=6))
    changes = list(kind(examples))
    assume(changes)
    data.draw(st.sampled_from(changes))()
    with tempfile.TemporaryDirectory() as folder:
        assert shop.audit(Path(folder), examples, events, split).failures
