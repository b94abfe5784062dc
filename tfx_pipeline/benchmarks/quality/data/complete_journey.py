"""Complete Journey: what households buy next at a grocer's, new to them or not."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.baseline_data.complete_journey import COMPLETE_JOURNEY, read_purchases
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.quality.data.retail_snapshots import snapshot, snapshots
from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.benchmarks.quality.task import Items, QualityData, QualityTask
from tfx_pipeline.datasets.complete_journey import package_folder
from tfx_pipeline.evaluation.baselines import EASE, BuyAgainRecency
from tfx_pipeline.evaluation.rankings import Ranker

WINDOW_DAYS = 28.0
"""What follows the cut are four weeks."""

_GROUPS = {
    "type": "product_type",
    "category": "product_category",
    "department": "department",
    "maker": "manufacturer_id",
}
_NEW_LEARN = (1, 2, 3)
_ALL_LEARN = (1, 2, 2.5, 3, 4, 5)


def load(data_dir: Path, items: Items, learn: Sequence[float], ask: float = 0.0) -> QualityData:
    """Cut the purchases at several moments.

    Args:
        data_dir: Not asked: the data come with their package.
        items: Which items may be shown.
        learn: Windows before the cut at which to learn.
        ask: Windows before the cut at which to measure; 0 for the test, 1 for validation.

    Raises:
        DataError: The package is not installed.
    """
    del data_dir
    purchases = read_purchases()
    shop = Shop(len(purchases.item_ids), groups=_groups(purchases.item_ids))
    test = snapshot(purchases, shop, ask, WINDOW_DAYS)
    interactions = test.past.interactions
    baselines: dict[str, Ranker]
    if items == "new":
        ease = EASE(items=9_000, days=None, decay=1.0, times_recent_popularity=True)
        baselines = {"EASE times recent popularity": ease.fit(interactions)}
    else:
        baselines = {"buy again, recent": BuyAgainRecency().fit(interactions)}
    return QualityData(snapshots(purchases, shop, learn, WINDOW_DAYS), test, baselines)


def _groups(item_ids: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Name -> number of the group of each item, -1 where it is not known."""
    products = read_rows(package_folder() / "products.parquet", ["product_id", *_GROUPS.values()])
    rows = {str(item): row for row, item in enumerate(products["product_id"].to_pylist())}
    places = np.array([rows.get(item, -1) for item in item_ids])
    found = {}
    for name, column in _GROUPS.items():
        encoded = products[column].combine_chunks().dictionary_encode().indices
        numbers = np.append(encoded.fill_null(-1).to_numpy(), -1).astype(np.int64)
        found[name] = numbers[places]
    return found


COMPLETE_JOURNEY_NEW = QualityTask(
    name="Complete Journey, new items",
    settings="complete_journey_new",
    items="new",
    targets={"HR@10": 0.345, "NDCG@10": 0.053},
    times_baseline={},
    protocol=COMPLETE_JOURNEY.protocol,
    load=partial(load, items="new", learn=_NEW_LEARN),
)
COMPLETE_JOURNEY_ALL = QualityTask(
    name="Complete Journey, all items, after ranking",
    settings="complete_journey_all",
    items="all",
    targets={"NDCG@10": 0.45},
    times_baseline={},
    protocol=COMPLETE_JOURNEY.protocol,
    load=partial(load, items="all", learn=_ALL_LEARN),
)
