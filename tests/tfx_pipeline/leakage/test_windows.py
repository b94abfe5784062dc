"""The windows of given files and of the last occasions, as the audit works them out, and leaks across them."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.leakage.windows import AuditSplit
from trainer.features import EVAL, RANKER, TRAIN, USERS


def test_boundaries_increase() -> None:
    with pytest.raises(ValueError, match=r"must increase, these are \(100, 100, 300\)$"):
        AuditSplit("time", 100, 100, 300)


def windowed(shop: Any, *windows: int) -> list[Any]:
    """A user's events of the training, eval and test files, whose times overlap."""
    rows = enumerate(windows)
    events = [shop.event("ann", f"i{row}", "buy", 10 * (row % 4), window=window) for row, window in rows]
    return [*events, shop.event("bob", "tea", "buy", 5), shop.event("bob", "jam", "buy", 6)]


def test_given_files_decide_the_windows(tmp_path: Path, shop: Any) -> None:
    events, split = windowed(shop, 0, 0, 0, 0, 2, 2, 3), AuditSplit("files", ranker_start=25)
    examples = shop.build(events, split)
    answers = {name: shop.targets(shop.of(examples, name, "ann")) for name in (TRAIN, RANKER, EVAL)}
    assert answers == {TRAIN: ["i0", "i1", "i2"], RANKER: ["i3"], EVAL: ["i4", "i5"]}
    assert shop.audit(tmp_path, examples, events, split).passed
    leaking = copy.deepcopy(examples)
    shop.put(shop.of(leaking, EVAL, "ann"), events[6], 3, 0)
    report = shop.audit(tmp_path, leaking, events, split)
    assert [check.name for check in report.failures] == ["history before window", "test window"]
    shop.put(shop.of(examples, TRAIN, "ann"), events[3], 3, 1)
    report = shop.audit(tmp_path, examples, events, split)
    assert [check.name for check in report.failures] == ["training window"]


def test_an_event_in_two_files_may_be_seen_once(tmp_path: Path, shop: Any) -> None:
    """The same purchase in the training and in the test file: history may hold the former, and only it."""
    split = AuditSplit("files", ranker_start=25)
    events = [*windowed(shop, 0, 0, 0, 0, 2), shop.event("ann", "i0", "buy", 0, window=3)]
    examples = shop.build(events, split)
    assert shop.audit(tmp_path, examples, events, split).passed
    shop.put(shop.of(examples, EVAL, "ann"), events[0], 0, 0)
    report = shop.audit(tmp_path, examples, events, split)
    assert [check.name for check in report.failures] == ["history before window", "test window"]


LATE = [
    ("i6", EVAL, ["targets in window", "test window"]),
    ("i5", TRAIN, ["training window"]),
    ("i5", RANKER, ["targets in window"]),
    ("i5", USERS, ["stored users"]),
]


@pytest.mark.parametrize(("item", "name", "failures"), LATE)
def test_the_last_occasions_are_left_out(tmp_path: Path, shop: Any, item: str, name: str, failures: list[str]) -> None:
    split, baskets = AuditSplit("leave_last_out"), ["", "", "p", "p", "", "", ""]
    events = [shop.event("ann", f"i{row}", "buy", 10 * row, basket) for row, basket in enumerate(baskets)]
    events += [shop.event("bob", item, "buy", time) for item, time in (("tea", 60), ("jam", 60), ("egg", 70))]
    examples = shop.build(events, split)
    answers = {name: shop.targets(shop.of(examples, name, "ann")) for name in (TRAIN, RANKER, EVAL)}
    assert answers == {TRAIN: ["i0", "i1", "i2", "i3"], RANKER: ["i4"], EVAL: ["i5"]}
    assert shop.audit(tmp_path, examples, events, split).passed
    example = shop.of(examples, name, "ann")
    shop.put(example, events[int(item[1])], len(example["item_ids"]), int(name != USERS))
    report = shop.audit(tmp_path, examples, events, split)
    assert [check.name for check in report.failures] == failures


def test_a_return_counts_from_the_start_of_the_users_own_window(tmp_path: Path, shop: Any) -> None:
    """Without boundaries of the shop, what was returned before a user's first event of a window is known in it."""
    split = AuditSplit("leave_last_out")
    events = [shop.event("ann", f"i{row}", "buy", 10 * row) for row in range(6)]
    events[0] = events[0]._replace(returned=35)
    events.append(shop.event("bob", "tea", "buy", 60))
    examples = shop.build(events, split)
    assert shop.audit(tmp_path, examples, events, split).passed
    case = shop.of(examples, EVAL, "ann")
    assert case["item_ids"] == [b"i1", b"i2", b"i3", b"i4"]
    shop.put(case, events[0], 0, 0)
    report = shop.audit(tmp_path, examples, events, split)
    assert [check.describe() for check in report.failures] == [
        "returned history: 1 of 11 positions (split eval, user ann, item i0, buy at 1970-01-01T00:00:00)"
    ]
