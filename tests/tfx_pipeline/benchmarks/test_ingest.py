"""The figures of ingestion, with made-up timings; and once, slowly, with real ones."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.benchmarks import flatness, ingest
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.timed_steps import FEW_EVENTS, Steps, Timing, time_beyond_fixed_costs, time_examples
from tfx_pipeline.datasets.complete_journey import complete_journey_data
from tfx_pipeline.sources.errors import DataError
from trainer.features import RANKER, TRAIN


@pytest.fixture(autouse=True)
def temporary_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Steps]:
    """Nothing is run: 200,000 events a second, and half of that beyond the fixed costs."""
    asked: list[Steps] = []

    def on_one_core_in(folder: Path, function: Callable[..., Any], steps: Steps, repeats: int) -> Timing:
        asked.append(steps)
        rows = _rows(steps)
        seconds = rows / 50_000 if function is time_examples else rows / 200_000
        net = (rows - FEW_EVENTS) / 500_000 if function is time_beyond_fixed_costs else None
        return Timing(rows, rows // 2, seconds, seconds, rows * 400, repeats, net)

    monkeypatch.setattr(ingest, "on_one_core_in", on_one_core_in)
    monkeypatch.setattr(flatness, "on_one_core_in", on_one_core_in)
    monkeypatch.setattr(ingest, "on_one_core", lambda function, source, scratch: 2.0)
    return asked


def _rows(steps: Steps) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(steps.data.events.paths[0]).num_rows)


def _figures(sizes: ingest.Sizes) -> dict[str, Figure]:
    return {figure.name: figure for figure in ingest.ingest_figures(sizes)}


def test_figures_from_timings(timed: list[Steps], temporary_folders: Path) -> None:
    figures = _figures(ingest.Sizes(rows=10_000, generated=(2_000, 4_000), repeats=3))
    assert [(figure.value, figure.target, figure.met) for figure in figures.values()][:5] == [
        (pytest.approx(200_000), 400_000, False),
        (pytest.approx(200_000), None, None),
        (pytest.approx(25_000), 100_000, False),
        (pytest.approx(40), 40, True),
        (pytest.approx(5_000), None, None),
    ]
    assert figures["net cost per event, dearest size by cheapest"].value == pytest.approx(1)
    assert figures["net cost per event at 2,000 events"].value == pytest.approx(2)
    assert figures["cost per event at 4,000 events"].value == pytest.approx(5)
    assert figures["peak memory at 4,000 events"].value == pytest.approx(0.0016)
    assert [steps.splits for steps in timed] == [(TRAIN,), None, (RANKER,), None, None]
    assert not any(temporary_folders.iterdir())


def test_absent_data_is_not_met(timed: list[Steps], monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise DataError("Complete Journey data: not installed")

    monkeypatch.setattr(ingest, "complete_journey_data", absent)
    figures = list(_figures(ingest.Sizes(generated=(2_000, 3_000))).values())
    assert [(figure.value, figure.met, figure.how) for figure in figures[:3]] == [
        (None, False, "not measured: Complete Journey data: not installed")
    ] * 3
    assert [figure.target for figure in figures[:3]] == [400_000, 100_000, 40]


def test_an_absent_peer_is_not_met(timed: list[Steps], monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> float:
        raise ModuleNotFoundError("No module named 'tfx'")

    monkeypatch.setattr(ingest, "on_one_core", absent)
    figures = _figures(ingest.Sizes(rows=1_000, generated=(2_000,)))
    ratio = figures["user windows, against stock CsvExampleGen + StatisticsGen"]
    assert (ratio.value, ratio.met, ratio.how) == (None, False, "not measured: No module named 'tfx'")
    assert "stock CsvExampleGen + StatisticsGen" not in figures


def timing(rows: int, net_seconds: float) -> Timing:
    return Timing(FEW_EVENTS + rows, rows, 1.0, 1.0, 1, net_seconds=net_seconds)


def test_a_cost_that_drowns_in_the_fixed_costs_is_no_figure() -> None:
    figure = flatness._flatness([timing(1_000, -0.1), timing(2_000, 1.0)])
    assert (figure.value, figure.met) == (None, False)
    assert figure.how == "not measured: 2,000 events cost no more than 1,000"


@pytest.mark.parametrize(("costs", "ratio", "met"), [((1.2, 2.0, 3.0), 1.2, True), ((1.0, 2.0, 3.9), 1.3, False)])
def test_flat_within_a_fifth(costs: tuple[float, ...], ratio: float, met: bool) -> None:
    timings = [timing(rows, seconds) for rows, seconds in zip((10_000, 20_000, 30_000), costs, strict=True)]
    figure = flatness._flatness(timings)
    assert figure.value == pytest.approx(ratio) and figure.met is met


def test_short_runs_are_repeated(timed: list[Steps], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repeats = []
    monkeypatch.setattr(flatness, "generated_shop", lambda folder, events: complete_journey_data())

    def on_one_core_in(folder: Path, function: object, steps: Steps, count: int) -> Timing:
        repeats.append(count)
        return timing(1_000, 1.0)

    monkeypatch.setattr(flatness, "on_one_core_in", on_one_core_in)
    list(flatness.flatness_figures((100_000, 1_000_000, 5_000_000), 15, tmp_path))
    assert repeats == [15, 2, 1]


@pytest.mark.slow
def test_real_timings(temporary_folders: Path) -> None:
    complete_journey_data()
    figures = _figures(ingest.Sizes(rows=20_000, generated=(50_000, 100_000), repeats=1, most_repeats=3))
    assert all(figure.value is not None and figure.value > 0 for figure in figures.values())
    assert figures["peak memory at 100,000 events"].met
    assert not any(temporary_folders.iterdir())
