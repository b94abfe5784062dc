"""The whole benchmark with the least sizes: a servable is exported and served several times."""

from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.serve.batching_settings import BatchingSetting
from tfx_pipeline.benchmarks.serve.serve_figures import ServeSettings, serve_figures

SETTINGS = ServeSettings(
    items=200,
    many_items=100,
    seconds=1.0,
    swap_seconds=90.0,
    rate=10.0,
    clients=2,
    batching=(BatchingSetting(4, 500, 1),),
)


@pytest.mark.slow
def test_every_figure_is_measured(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in serve_figures(tmp_path, SETTINGS, small=True)}
    assert all(figure.value is not None for figure in figures.values())
    counted = [name for name in figures if name.endswith(("failed requests", "half-loaded answers"))]
    assert len(counted) == 5
    assert {name: figures[name].value for name in counted} == dict.fromkeys(counted, 0.0)
    for part in ("size", "load time", "memory"):
        assert figures[f"model of 200 items, {part}"].value
        assert figures[f"model of 100 items, {part}"].value
    assert figures["recommend, p50"].value <= figures["recommend, p99"].value
    assert "batching" in figures["recommend, best throughput"].how
