"""Online Retail: what customers of a gift shop buy next, new to them or not."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tfx_pipeline.benchmarks.baseline_data.online_retail import ONLINE_RETAIL, read_purchases
from tfx_pipeline.benchmarks.baseline_data.reproduced import RECENT_EASE_POPULAR
from tfx_pipeline.benchmarks.quality.data.retail_snapshots import snapshot, snapshots
from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.benchmarks.quality.task import Items, QualityData, QualityTask
from tfx_pipeline.evaluation.baselines import BuyAgainRecency
from tfx_pipeline.evaluation.rankings import Ranker

WINDOW_DAYS = 30.0
"""The days after the cut are the last but one month before Christmas; windows of learning are as long."""

_NEW_LEARN = (1, 2, 2.5, 3, 4, 5)
_ALL_LEARN = (1, 2, 2.5, 3, 3.5, 4, 5)


def load(data_dir: Path, items: Items, learn: Sequence[float], ask: float = 0.0) -> QualityData:
    """Cut the purchases at several moments.

    Args:
        data_dir: The folder of real data.
        items: Which items may be shown.
        learn: Windows before the cut at which to learn.
        ask: Windows before the cut at which to measure; 0 for the test, 1 for validation.

    Raises:
        DataError: The data are absent.
    """
    purchases = read_purchases(data_dir)
    shop = Shop(len(purchases.item_ids))
    test = snapshot(purchases, shop, ask, WINDOW_DAYS)
    interactions = test.past.interactions
    baselines: dict[str, Ranker]
    if items == "new":
        baselines = {"EASE times recent popularity": RECENT_EASE_POPULAR.fit(interactions)}
    else:
        baselines = {"buy again, recent": BuyAgainRecency().fit(interactions)}
    return QualityData(snapshots(purchases, shop, learn, WINDOW_DAYS), test, baselines)


ONLINE_RETAIL_NEW = QualityTask(
    name="online retail, new items",
    settings="online_retail_new",
    items="new",
    targets={"HR@10": 0.50, "NDCG@10": 0.106},
    times_baseline={},
    protocol=ONLINE_RETAIL.protocol,
    load=partial(load, items="new", learn=_NEW_LEARN),
)
ONLINE_RETAIL_ALL = QualityTask(
    name="online retail, all items, after ranking",
    settings="online_retail_all",
    items="all",
    targets={"NDCG@10": 0.345},
    times_baseline={},
    protocol=ONLINE_RETAIL.protocol,
    load=partial(load, items="all", learn=_ALL_LEARN),
)
