"""The figures of training: steps whatever the size of the tables, throughput against a peer, memory, and input."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.generated_windows import WindowSizes
from tfx_pipeline.benchmarks.pair_throughput import EpochSizes, throughput_figures
from tfx_pipeline.benchmarks.table_steps import TableSizes, table_step_figures
from tfx_pipeline.benchmarks.window_steps import window_step_figures


@dataclass(frozen=True)
class TrainSizes:
    """How much is measured.

    Attributes:
        tables: Steps at two table sizes.
        epochs: Epochs of user-item pairs.
        windows: Windows for the towers of a run.
        window_rounds: Timed epochs of each variant of these.
    """

    tables: TableSizes = field(default_factory=TableSizes)
    epochs: EpochSizes = field(default_factory=EpochSizes)
    windows: WindowSizes = field(default_factory=WindowSizes)
    window_rounds: int = 4


def train_figures(data_dir: Path, sizes: TrainSizes | None = None) -> Iterator[Figure]:
    """Measure training, each comparison in a process of its own that has all cores.

    Args:
        data_dir: Folder of real data.
        sizes: How much is measured; all of it by default.

    Returns:
        The figures, each as soon as it is there.
    """
    sizes = sizes or TrainSizes()
    yield from table_step_figures(sizes.tables)
    yield from throughput_figures(data_dir, sizes.epochs)
    yield from window_step_figures(sizes.windows, sizes.window_rounds)
