from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.figures import unmet
from tfx_pipeline.benchmarks.warm_start.measured_start import StartMeasurement, Trained
from tfx_pipeline.benchmarks.warm_start.warm_start_figures import CUT, warm_start_figures
from tfx_pipeline.sources.errors import DataError


def test_the_figures_are_ratios_of_what_was_measured(tmp_path: Path) -> None:
    def measure(cut: datetime, seeds: Sequence[int], folder: Path) -> Iterator[StartMeasurement]:
        assert cut == CUT
        assert folder.is_dir()
        for seed in seeds:
            yield StartMeasurement(
                Trained(0.03, 8.0, 50), Trained(0.04 + seed / 100, 10.0, 60), Trained(0.05, 1.0 + seed, 6)
            )

    figures = {each.name: each for each in warm_start_figures(tmp_path, (1, 2), measure=measure)}
    values = {name: each.value for name, each in figures.items()}
    assert values == pytest.approx(
        {
            "towers 30 days older, NDCG@10": 0.03,
            "towers from scratch, NDCG@10": 0.055,
            "towers continued, NDCG@10": 0.05,
            "continued training / from scratch, NDCG@10": 0.05 / 0.055,
            "continued training / from scratch, windows": 0.1,
            "continued training / from scratch, time": 0.25,
        }
    )
    assert unmet(list(figures.values())) == ["continued training / from scratch, NDCG@10"]


def test_without_the_data_both_figures_are_absent(tmp_path: Path) -> None:
    def measure(cut: datetime, seeds: Sequence[int], folder: Path) -> Iterator[StartMeasurement]:
        raise DataError("Complete Journey data: not installed")

    figures = list(warm_start_figures(tmp_path, measure=measure))
    assert [each.met for each in figures] == [False, False]
    assert all("Complete Journey data: not installed" in each.how for each in figures)
