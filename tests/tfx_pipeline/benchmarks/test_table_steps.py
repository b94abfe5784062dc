"""Steps at two table sizes: the figures from made-up times, and once from tiny steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks import table_steps
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.table_steps import TableSizes, table_step_figures, time_steps

TINY = TableSizes(few=20, many=40, batch=8, width=4, rounds=2, quick_steps=2)


def test_figures_from_times(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(function: Callable[..., Any], own: str, *given: object) -> object:
        if function is table_steps.memory_of_steps:
            return 2_000_000_000
        stock = given[0]
        return {f"{own} 20": [0.01], f"{own} 40": [0.021], f"{stock} 20": [0.02], f"{stock} 40": [1.05]}

    monkeypatch.setattr(table_steps, "in_fresh_process", measured)
    figures = {figure.name: figure for figure in table_step_figures(TINY)}
    rows = {name: (figure.value, figure.unit, figure.target, figure.met) for name, figure in figures.items()}
    growth = "a step with 40 rows against one with 20"
    assert rows == {
        f"RowSparseAdagrad: {growth}": (pytest.approx(2.1), "times", 2.0, False),
        f"Keras Adagrad: {growth}": (pytest.approx(52.5), "times", None, None),
        "RowSparseAdagrad against Keras Adagrad at 40 rows": (pytest.approx(50), "times", None, None),
        f"LazyAdam: {growth}": (pytest.approx(2.1), "times", 2.0, False),
        f"Keras Adam: {growth}": (pytest.approx(52.5), "times", None, None),
        "LazyAdam against Keras Adam at 40 rows": (pytest.approx(50), "times", 50.0, True),
        "peak memory of training two tables of 40 rows with RowSparseAdagrad": (2.0, "GB", None, None),
        "peak memory of training two tables of 40 rows with LazyAdam": (2.0, "GB", None, None),
    }
    assert figures["LazyAdam against Keras Adam at 40 rows"].how == (
        "at least the target; a step of a table of users and one of items, width 4, batch 8, a logistic loss "
        "of each pair on both sides, uniformly drawn rows, float32, without XLA, all cores; median of 1 paired ratios "
        "from 50.00 to 50.00; LazyAdam 10.0 ms and 21.0 ms a step, Keras Adam 20.0 ms and 1050.0 ms (medians)"
    )


def test_tiny_steps_are_timed() -> None:
    seconds = time_steps("LazyAdam", "Keras Adam", TINY)
    assert list(seconds) == ["LazyAdam 20", "LazyAdam 40", "Keras Adam 20", "Keras Adam 40"]
    assert all(len(times) == TINY.rounds and min(times) > 0 for times in seconds.values())


def test_memory_is_that_of_a_process() -> None:
    assert table_steps.memory_of_steps("RowSparseAdagrad", TINY) > 100_000_000


@pytest.mark.parametrize("own", ["RowSparseAdagrad", "LazyAdam"])
def test_ours_and_keras_make_the_same_first_step(own: str) -> None:
    from tfx_pipeline.benchmarks.two_tables import PARTS, TwoTables

    stock = table_steps.OWN_AND_STOCK[own]
    models = [TwoTables(PARTS[parts][0], 6, 4) for parts in (own, stock)]
    models[1].set_weights(models[0].get_weights())
    # Every row of both tables has a gradient, so that lazy and dense updates agree.
    batch = {name: np.arange(6, dtype=np.int32) for name in ("users", "items")}
    for model, parts in zip(models, (own, stock), strict=True):
        model.compile(optimizer=PARTS[parts][1](0.01), jit_compile=False)
        model.train_on_batch(batch)
    for ours, theirs in zip(*(model.get_weights() for model in models), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.slow
def test_a_figure_of_each_kind_is_a_figure(in_this_process: None) -> None:
    assert all(isinstance(figure, Figure) and (figure.value or 0) > 0 for figure in table_step_figures(TINY))
