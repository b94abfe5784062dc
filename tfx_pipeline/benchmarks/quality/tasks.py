"""The data sets of the quality benchmark, in the order in which they are measured."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.quality.figures import task_figures
from tfx_pipeline.benchmarks.quality.task import QualityTask

TASKS: tuple[QualityTask, ...] = ()


def quality_figures(data_dir: Path) -> Iterator[Figure]:
    """Learn and measure every data set.

    Args:
        data_dir: The folder of real data. Complete Journey comes with its package.
    """
    for task in TASKS:
        yield from task_figures(task, data_dir)
