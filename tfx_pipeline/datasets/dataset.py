"""The public data sets by name."""

from pathlib import Path

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.amazon_reviews import AMAZON_2014, AMAZON_2018, AMAZON_2023
from tfx_pipeline.datasets.complete_journey import COMPLETE_JOURNEY
from tfx_pipeline.datasets.definition import Dataset, open_download
from tfx_pipeline.datasets.esci import ESCI
from tfx_pipeline.datasets.movielens import MOVIELENS_1M, MOVIELENS_20M, MOVIELENS_100K
from tfx_pipeline.datasets.online_retail import ONLINE_RETAIL, ONLINE_RETAIL_II
from tfx_pipeline.datasets.open_bandit import OPEN_BANDIT
from tfx_pipeline.datasets.rees46 import REES46
from tfx_pipeline.datasets.retailrocket import RETAILROCKET
from tfx_pipeline.datasets.taobao import TAOBAO
from tfx_pipeline.datasets.wands import WANDS
from tfx_pipeline.sources.errors import DataError

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        MOVIELENS_100K,
        MOVIELENS_1M,
        MOVIELENS_20M,
        RETAILROCKET,
        AMAZON_2014,
        AMAZON_2018,
        AMAZON_2023,
        WANDS,
        ESCI,
        ONLINE_RETAIL,
        ONLINE_RETAIL_II,
        OPEN_BANDIT,
        REES46,
        TAOBAO,
        COMPLETE_JOURNEY,
    )
}
"""Every data set that has a name."""


def dataset_names() -> list[str]:
    """The names that `load_dataset` knows."""
    return list(DATASETS)


def load_dataset(name: str, data_dir: Path | None, run_dir: Path) -> Config:
    """The configuration of a run on a public data set.

    What no mapping can read as published is rewritten below `run_dir / "prepared"`, unless that was done before.

    Args:
        name: One of `dataset_names()`.
        data_dir: The folder with the published files, or the one in which their archive was unpacked. None is for
            `complete-journey`, which a Python package brings.
        run_dir: Where the run writes.

    Raises:
        DataError: No data set has this name; the folder or a file is missing, and the message says where to get it;
            or a file that had to be rewritten is not what its publisher wrote.
    """
    if name not in DATASETS:
        raise DataError(f"no data set is called {name!r}; there are {', '.join(DATASETS)}")
    dataset = DATASETS[name]
    return dataset.configure(open_download(dataset, data_dir, run_dir))
