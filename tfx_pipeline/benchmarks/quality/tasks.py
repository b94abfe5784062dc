"""The data sets of the quality benchmark, in the order in which they are measured."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.quality.data.amazon_industrial import AMAZON_INDUSTRIAL
from tfx_pipeline.benchmarks.quality.data.complete_journey import COMPLETE_JOURNEY_ALL, COMPLETE_JOURNEY_NEW
from tfx_pipeline.benchmarks.quality.data.diginetica import DIGINETICA_TASK
from tfx_pipeline.benchmarks.quality.data.movielens import MOVIELENS_TASK
from tfx_pipeline.benchmarks.quality.data.mule import MULE_JDATA, MULE_TAOBAO
from tfx_pipeline.benchmarks.quality.data.online_retail import ONLINE_RETAIL_ALL, ONLINE_RETAIL_NEW
from tfx_pipeline.benchmarks.quality.figures import task_figures
from tfx_pipeline.benchmarks.quality.task import QualityTask

TASKS: tuple[QualityTask, ...] = (
    DIGINETICA_TASK,
    MOVIELENS_TASK,
    AMAZON_INDUSTRIAL,
    MULE_TAOBAO,
    MULE_JDATA,
    ONLINE_RETAIL_NEW,
    ONLINE_RETAIL_ALL,
    COMPLETE_JOURNEY_NEW,
    COMPLETE_JOURNEY_ALL,
)


def quality_figures(data_dir: Path) -> Iterator[Figure]:
    """Learn and measure every data set.

    Args:
        data_dir: The folder of real data. Complete Journey comes with its package.
    """
    for task in TASKS:
        yield from task_figures(task, data_dir)
