"""Online Retail: purchases of a gift shop, cut in October 2011."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc

from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, measure_rows
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.baseline_data.reproduced import (
    ALS_NOTE,
    DAMPED_KNN,
    DAMPED_KNN_NOTE,
    RECENT_EASE,
    RECENT_EASE_NOTE,
    RECENT_EASE_POPULAR,
)
from tfx_pipeline.benchmarks.baseline_data.time_cut import TimedPurchases, timed_purchases
from tfx_pipeline.evaluation.baselines import BuyAgain, BuyAgainRecency, ImplicitALS, MostPopular, RecentPopular
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

_ALS = ImplicitALS(alpha=10.0, regularisation=50.0, iterations=10)
_CUT = datetime(2011, 10, 10, 13)
_figures = columns("HR@10", "Recall@10", "NDCG@10", "Recall@20", "NDCG@20")


_ROWS = (
    PublishedRow("most popular", MostPopular(), "all", _figures(0.4648, 0.0798, 0.0823, 0.0839, 0.0823)),
    PublishedRow("buy again", BuyAgain(), "all", _figures(0.8096, 0.3003, 0.3086, 0.2992, 0.2981)),
    PublishedRow("item-kNN", DAMPED_KNN, "all", _figures(0.5749, 0.1578, 0.1629, 0.1611, 0.1581), DAMPED_KNN_NOTE),
    PublishedRow("iALS", _ALS, "all", _figures(0.7292, 0.2343, 0.2360, 0.2444, 0.2332), ALS_NOTE),
    PublishedRow("buy again, recent", BuyAgainRecency(), "all", _figures(0.7924, 0.3031, 0.3101, 0.3033, 0.2995)),
    PublishedRow("most popular", MostPopular(), "new", _figures(0.2375, 0.0357, 0.0346, 0.0439, 0.0379)),
    PublishedRow("item-kNN", DAMPED_KNN, "new", _figures(0.3243, 0.0682, 0.0673, 0.0747, 0.0678), DAMPED_KNN_NOTE),
    PublishedRow("iALS", _ALS, "new", _figures(0.4218, 0.0862, 0.0856, 0.1013, 0.0890), ALS_NOTE),
    PublishedRow("recent popular", RecentPopular(), "new", _figures(0.3851, 0.0671, 0.0662, 0.0787, 0.0702)),
    PublishedRow("EASE", RECENT_EASE, "new", _figures(0.4498, 0.0979, 0.0945, 0.1126, 0.0976), RECENT_EASE_NOTE),
    PublishedRow(
        "EASE times recent popularity",
        RECENT_EASE_POPULAR,
        "new",
        _figures(0.4778, 0.1038, 0.0968, 0.1164, 0.1002),
        RECENT_EASE_NOTE,
    ),
)


def read(data_dir: Path) -> tuple[Interactions, EvaluationCases]:
    """What is learned from, and the customers who are asked about.

    Raises:
        DataError: The data are absent.
    """
    return read_purchases(data_dir).cut()


def read_purchases(data_dir: Path) -> TimedPurchases:
    """All purchase lines of known customers, with their ages at the cut.

    Raises:
        DataError: The data are absent.
    """
    columns = ["user_id", "item_id", "timestamp", "event_type"]
    lines = read_rows(data_dir / "online_retail" / "events.parquet", columns)
    purchases = lines.filter(pc.and_(pc.equal(lines["event_type"], "purchase"), pc.not_equal(lines["user_id"], "")))
    return timed_purchases(purchases, _CUT)


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    yield from measure_rows(_ROWS, *read(data_dir))


ONLINE_RETAIL = PublishedTable(
    data="online retail",
    protocol=f"purchase lines of known customers, returns left out; learned before {_CUT}, asked about every customer "
    "with purchases before and after it; all of the catalogue is ranked",
    users={"all": 1108, "new": 1036},
    rows=_ROWS,
    measure=_measure,
)
