"""MovieLens 100K: the latest rating of every user is to be found."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable, columns, measure_rows
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.baseline_data.reproduced import ALS_NOTE
from tfx_pipeline.benchmarks.baseline_data.time_cut import split_events
from tfx_pipeline.evaluation.baselines import EASE, ImplicitALS, ItemKNN, MostPopular, Transitions


def _ease(decay: float) -> EASE:
    return EASE(items=None, days=None, decay=decay, times_recent_popularity=False)


_figures = columns("HR@10", "NDCG@10")


_ROWS = (
    PublishedRow("most popular", MostPopular(), "new", _figures(0.0859, 0.0448)),
    PublishedRow(
        "item-kNN", ItemKNN(of="history", days=None, decay=1.0, items=None), "new", _figures(0.1060, 0.0555), "k = 100"
    ),
    PublishedRow("EASE", _ease(decay=1.0), "new", _figures(0.1389, 0.0718)),
    PublishedRow("iALS f=32", ImplicitALS(factors=32, iterations=10), "new", _figures(0.1569, 0.0793), ALS_NOTE),
    PublishedRow("EASE, history .9^age", _ease(decay=0.9), "new", _figures(0.1951, 0.1025)),
    PublishedRow("transitions", Transitions(steps=10, decay=0.8), "new", _figures(0.2015, 0.1073)),
)


@dataclass(frozen=True, eq=False)
class Ratings:
    """All ratings, ordered by user and then by time; ratings of the same second are in the order of the file.

    Attributes:
        user_ids: Id of every user; [U].
        users: User of every rating, never decreasing; int64 [E].
        items: Item row of every rating; int64 [E].
        item_count: Number of items in the catalogue.
    """

    user_ids: list[str]
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    item_count: int


def ratings_in_order(data_dir: Path) -> Ratings:
    """Read the ratings.

    Args:
        data_dir: The folder of real data.

    Raises:
        DataError: The data are absent.
    """
    folder = data_dir / "ml-100k"
    item_ids = read_rows(folder / "items.csv.gz", ["item_id"])["item_id"]
    ratings = read_rows(folder / "events.csv.gz", ["user_id", "item_id", "timestamp"])
    user_ids, users = np.unique(ratings["user_id"].to_numpy(), return_inverse=True)
    order = np.lexsort((ratings["timestamp"].to_numpy().astype(np.int64), users))
    rows = {item: row for row, item in enumerate(item_ids.to_pylist())}
    items = np.array([rows[item] for item in ratings["item_id"].to_pylist()])[order]
    return Ratings(list(user_ids), users[order], items, len(item_ids))


def _measure(data_dir: Path) -> Iterator[tuple[dict[str, float], int]]:
    ratings = ratings_in_order(data_dir)
    is_latest = np.append(ratings.users[1:] != ratings.users[:-1], True)
    interactions, cases = split_events(ratings.user_ids, ratings.users, ratings.items, ratings.item_count, is_latest)
    yield from measure_rows(_ROWS, interactions, cases)


MOVIELENS = PublishedTable(
    data="ml-100k",
    protocol="the latest rating of every user is to be found among all items without the user's others; ratings of "
    "the same second in the order of the file",
    users={"new": 943},
    rows=_ROWS,
    measure=_measure,
)
