"""Turns and their ratios."""

import pytest

from tfx_pipeline.benchmarks import paired_ratio as module
from tfx_pipeline.benchmarks.paired_ratio import paired_ratio, ratio_range, take_turns


def test_works_take_turns_after_an_untimed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    clock = iter([0.0, 1.0, 10.0, 13.0, 20.0, 21.5, 30.0, 32.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    seconds = take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert order == ["a", "b"] * 3
    assert seconds == {"a": [1.0, 1.5], "b": [3.0, 2.0]}


def test_the_median_of_the_ratios_is_not_the_ratio_of_the_medians() -> None:
    dividend, divisor = [1.0, 8.0, 30.0], [1.0, 2.0, 10.0]
    assert paired_ratio(dividend, divisor) == 3.0
    assert ratio_range(dividend, divisor) == "median of 3 paired ratios from 1.00 to 4.00"
