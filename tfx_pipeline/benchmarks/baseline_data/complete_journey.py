"""Complete Journey: purchases of a grocer's households, cut four weeks before the end."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, measure_rows
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.baseline_data.reproduced import ALS_NOTE
from tfx_pipeline.benchmarks.baseline_data.time_cut import TimedPurchases, timed_purchases
from tfx_pipeline.datasets.complete_journey import package_folder
from tfx_pipeline.evaluation.baselines import EASE, BuyAgain, BuyAgainRecency, ImplicitALS, MostPopular

_ALS = ImplicitALS(alpha=4.0, regularisation=10.0, iterations=5)
_CUT = datetime(2017, 12, 4)
_COLUMNS = {"household_id": "user_id", "product_id": "item_id", "transaction_timestamp": "timestamp"}
_figures = columns("HR@10", "Recall@10", "NDCG@10", "Recall@20", "NDCG@20")
_EASE_ITEMS = 9_000
_EASE_NOTE = "the table does not weight this history, and all its items count alike here"


def _ease(times_recent_popularity: bool) -> EASE:
    return EASE(items=_EASE_ITEMS, days=None, decay=1.0, times_recent_popularity=times_recent_popularity)


_ROWS = (
    PublishedRow("buy again", BuyAgain(), "all", _figures(0.8231, 0.3613, 0.3973, 0.3005, 0.3396)),
    PublishedRow("iALS", _ALS, "all", _figures(0.6844, 0.1601, 0.1674, 0.1463, 0.1522), ALS_NOTE),
    PublishedRow("buy again, recent", BuyAgainRecency(), "all", _figures(0.8206, 0.3795, 0.4150, 0.3167, 0.3553)),
    PublishedRow("most popular", MostPopular(), "new", _figures(0.2530, 0.0338, 0.0352, 0.0379, 0.0361)),
    PublishedRow("iALS", _ALS, "new", _figures(0.2893, 0.0413, 0.0413, 0.0423, 0.0402), ALS_NOTE),
    PublishedRow(
        "EASE",
        _ease(times_recent_popularity=False),
        "new",
        _figures(0.2999, 0.0444, 0.0465, 0.0444, 0.0444),
        _EASE_NOTE,
    ),
    PublishedRow(
        "EASE times recent popularity",
        _ease(times_recent_popularity=True),
        "new",
        _figures(0.3266, 0.0487, 0.0492, 0.0484, 0.0469),
        _EASE_NOTE,
    ),
)


def read_purchases() -> TimedPurchases:
    """All purchase lines, with their ages at the cut. The data come with their package.

    Raises:
        DataError: The package is not installed.
    """
    lines = read_rows(package_folder() / "transactions.parquet", list(_COLUMNS))
    return timed_purchases(lines.rename_columns(list(_COLUMNS.values())), _CUT)


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    # The data come with their package.
    del data_dir
    yield from measure_rows(_ROWS, *read_purchases().cut())


COMPLETE_JOURNEY = PublishedTable(
    data="Complete Journey",
    protocol=f"all purchase lines, those of quantity 0 too; learned before {_CUT:%Y-%m-%d}, asked about every "
    "household with lines before and after it; all of the catalogue is ranked",
    users={"all": 2012, "new": 1984},
    rows=_ROWS,
    measure=_measure,
)
