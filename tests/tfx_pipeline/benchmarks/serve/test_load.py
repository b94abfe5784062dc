from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tfx_pipeline.benchmarks.serve.load import Clients, LoadResult
from tfx_pipeline.benchmarks.serve.shopper import Shoppers


def test_clients_ask_at_the_same_time_and_at_a_rate(start_answering: Callable[..., str]) -> None:
    target = start_answering(lambda _: ("1", ["v1-0000001"]))
    with Clients(2) as clients:
        as_many_as_possible = clients.ask(Shoppers(target, ("anna",)), 0.5)
        at_a_rate = clients.ask(Shoppers(target, ("anna",)), 0.5, rate=20)
    assert as_many_as_possible.throughput > 40
    assert as_many_as_possible.versions == {"1": len(as_many_as_possible.milliseconds)}
    assert len(at_a_rate.milliseconds) == 10
    assert not at_a_rate.errors
    assert not at_a_rate.torn


def test_percentiles_and_throughput() -> None:
    result = LoadResult(np.arange(1, 101, dtype=float), 4.0, Counter(), Counter({"1": 100}), 0)
    assert result.throughput == 25
    assert result.percentile(50) == 50.5
    assert result.percentile(99) == pytest.approx(99.01)


def test_without_an_answer_nothing_is_fast() -> None:
    result = LoadResult(np.zeros(0), 4.0, Counter({"UNAVAILABLE": 3}), Counter(), 0)
    assert result.percentile(50) == float("inf")
    assert result.throughput == 0
