from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quantisation import quantisation_figures as figures
from tfx_pipeline.benchmarks.quantisation.saved_bytes import SavedBytes
from tfx_pipeline.errors import PipelineError

SIZES = {
    "float32": SavedBytes(900, 400, 2000),
    "int8": SavedBytes(270, 100, 800),
    "float16": SavedBytes(450, 200, 1200),
}
NDCG = {"float32": [0.5, 0.3], "int8": [0.5, 0.28], "float16": [0.5, 0.3]}


def answered(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the processes of their own would give."""
    if function is figures.exported:
        return None
    if function is figures.sized:
        return SIZES[arguments[0].name]
    if function is figures.scored:
        return np.array(NDCG[arguments[1].name])
    slower = {"float32": 1.0, "int8": 1.5, "float16": 2.0}
    return {f"{kind}{suffix}": [factor, factor] for kind, factor in slower.items() for suffix in ("", " query")}


def test_sizes_losses_and_times_are_held_against_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "in_fresh_process", answered)
    found = {figure.name: figure for figure in figures.quantisation_figures(Path(), Path("run"))}
    size, loss = found["item store and index, int8 / float32"], found["loss of NDCG@10, int8"]
    assert (size.value, size.met) == (pytest.approx(0.3), True)
    assert (loss.value, loss.met) == (pytest.approx(2.5), False)
    assert found["whole servable on disk, float16 / float32"].value == pytest.approx(0.6)
    assert found["request with a query, int8 / float32"].value == pytest.approx(1.5)
    assert "50.0 % of the users" in loss.how


def test_a_run_without_a_model_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*arguments: Any) -> None:
        raise PipelineError("run: no version was pushed")

    monkeypatch.setattr(figures, "in_fresh_process", absent)
    [figure] = figures.quantisation_figures(Path(), Path("run"))
    assert figure.met is False
    assert figure.how == "not measured: run: no version was pushed"
