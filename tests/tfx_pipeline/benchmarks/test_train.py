"""The whole benchmark of training, tiny."""

from pathlib import Path

import pytest

from tfx_pipeline.benchmarks import train
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.generated_windows import WindowSizes
from tfx_pipeline.benchmarks.pair_throughput import EpochSizes
from tfx_pipeline.benchmarks.table_steps import TableSizes


def test_the_parts_come_in_order_with_their_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = train.TrainSizes(TableSizes(few=5), EpochSizes(pairs=6), WindowSizes(windows=7), 8)

    def shown(name: str, *given: object) -> list[Figure]:
        return [Figure.shown(name, 1.0, "", repr(given))]

    monkeypatch.setattr(train, "table_step_figures", lambda *given: shown("tables", *given))
    monkeypatch.setattr(train, "throughput_figures", lambda *given: shown("pairs", *given))
    monkeypatch.setattr(train, "window_step_figures", lambda *given: shown("windows", *given))
    assert [(figure.name, figure.how) for figure in train.train_figures(tmp_path, sizes)] == [
        ("tables", repr((sizes.tables,))),
        ("pairs", repr((tmp_path, sizes.epochs))),
        ("windows", repr((sizes.windows, 8))),
    ]


def test_the_sizes_are_those_of_the_claims() -> None:
    sizes = train.TrainSizes()
    tables, epochs = sizes.tables, sizes.epochs
    assert (tables.few, tables.many, tables.batch, tables.width) == (10_000, 1_000_000, 2_048, 64)
    # Batch and width of the tutorial; ml-100k has so many pairs.
    assert (epochs.batch, epochs.width, epochs.pairs) == (8_192, 32, 100_000)
