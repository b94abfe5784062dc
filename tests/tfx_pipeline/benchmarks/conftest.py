"""Measurements without a process of their own, which would import TensorFlow once more each time."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from tfx_pipeline.benchmarks import pair_throughput, table_steps, window_steps

    def call(function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    for module in (table_steps, pair_throughput, window_steps):
        monkeypatch.setattr(module, "in_fresh_process", call)
