from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.figures import unmet
from tfx_pipeline.benchmarks.warm_start.measured_start import StartMeasurement, Trained
from tfx_pipeline.benchmarks.warm_start.warm_start_figures import CUTS, warm_start_figures
from tfx_pipeline.sources.errors import DataError


def test_the_figures_are_ratios_of_what_was_measured(tmp_path: Path) -> None:
    asked = []

    def measure(cut: datetime, seeds: Sequence[int], folder: Path) -> Iterator[StartMeasurement]:
        asked.append(cut)
        assert folder.is_dir()
        for seed in seeds:
            yield StartMeasurement(
                Trained(0.03, 8.0, 50, 2.0),
                Trained(0.04 + seed / 100, 10.0, 60, 10.0, 0.1),
                Trained(0.05, 1.0 + seed, 6, 2.5, 0.2),
            )

    figures = {each.name: each for each in warm_start_figures(tmp_path, (1, 2), measure=measure)}
    assert asked == list(CUTS)
    for cut in ("2017-11-04", "2017-12-04"):
        assert {name: each.value for name, each in figures.items() if name.endswith(cut)} == pytest.approx(
            {
                f"towers 30 days older, NDCG@10, cut {cut}": 0.03,
                f"towers from scratch, NDCG@10, cut {cut}": 0.055,
                f"towers continued, NDCG@10, cut {cut}": 0.05,
                f"towers and ranker from scratch, NDCG@10, cut {cut}": 0.1,
                f"towers and ranker continued, NDCG@10, cut {cut}": 0.2,
                f"continued training / from scratch, NDCG@10 of the towers, cut {cut}": 0.05 / 0.055,
                f"continued training / from scratch, NDCG@10, cut {cut}": 2.0,
                f"continued training / from scratch, windows, cut {cut}": 0.1,
                f"continued training / from scratch, time, cut {cut}": 0.25,
            }
        )
    assert unmet(list(figures.values())) == [
        f"continued training / from scratch, NDCG@10 of the towers, cut {cut}" for cut in ("2017-11-04", "2017-12-04")
    ]


def test_without_the_data_the_figures_are_absent(tmp_path: Path) -> None:
    def measure(cut: datetime, seeds: Sequence[int], folder: Path) -> Iterator[StartMeasurement]:
        raise DataError("Complete Journey data: not installed")

    figures = list(warm_start_figures(tmp_path, measure=measure))
    assert [each.met for each in figures] == [False] * 6
    assert all("Complete Journey data: not installed" in each.how for each in figures)
