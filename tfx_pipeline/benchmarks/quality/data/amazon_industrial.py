"""Amazon Industrial: a history of up to ten purchases, and the next one to be found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.baseline_data.amazon_industrial import AMAZON_INDUSTRIAL as TABLE
from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.baselines import ItemKNN, Transitions
from tfx_pipeline.evaluation.cases import EvaluationCases

EVENT_TYPES = ("earlier", "asked")
"""What a user bought before the window of the valid rows, and in it: the rows ask for nothing else."""

FOLDS = 5

_EARLIER, _ASKED = range(2)

Row = dict[str, Any]
"""A user's `history`, item rows, and the `next` item row."""


def load(data_dir: Path) -> QualityData:
    """Read the valid rows as five snapshots, each of other users than those that it counts, and the test rows.

    Raises:
        DataError: The data are absent.
    """
    folder = data_dir / "amazon_industrial"
    shop = read_shop(folder / "items_industrial.csv.gz")
    valid = read_next_items(folder / "next_item_industrial_valid.csv.gz")
    test = read_next_items(folder / "next_item_industrial_test.csv.gz")
    past = past_of(shop, valid)
    return QualityData(
        learning=folds(shop, valid, FOLDS),
        test=Snapshot(past, cases_of(shop, test)),
        baselines={
            row.model: row.baseline.fit(past.interactions)
            for row in TABLE.rows
            if isinstance(row.baseline, Transitions | ItemKNN)
        },
    )


def read_shop(path: Path) -> Shop:
    """Read title and description as one text, and the brand, whatever its case."""
    items = read_rows(path, ["title", "description", "brand"]).to_pylist()
    texts = [f"{item['title']}. {item['description']}" for item in items]
    brands = np.array([item["brand"].strip().lower() for item in items], np.str_)
    numbers = np.unique(brands, return_inverse=True)[1]
    groups = {"brand": np.where(brands == "", -1, numbers).astype(np.int64)}
    return Shop(len(items), np.array(texts, np.object_), groups, event_types=EVENT_TYPES)


def read_next_items(path: Path) -> list[Row]:
    """Read the user, the history and the next item of each row."""
    rows = read_rows(path, ["user_id", "history_item_id", "item_id"]).to_pylist()
    return [
        {
            "user": row["user_id"],
            "history": [int(item) for item in row["history_item_id"].split()],
            "next": int(row["item_id"]),
        }
        for row in rows
    ]


def past_of(shop: Shop, rows: Sequence[Row]) -> Past:
    """What each user of the rows bought, in order: the history of the first row, and the next item of every row."""
    items: dict[str, list[int]] = {}
    behaviours: dict[str, list[int]] = {}
    for row in rows:
        if row["user"] not in items:
            items[row["user"]] = list(row["history"])
            behaviours[row["user"]] = [_EARLIER] * len(row["history"])
        items[row["user"]].append(row["next"])
        behaviours[row["user"]].append(_ASKED)
    users = np.repeat(np.arange(len(items)), [len(bought) for bought in items.values()])
    return Past(shop, users, _joined(items), len(items), behaviours=_joined(behaviours))


def _joined(lists: dict[str, list[int]]) -> NDArray[np.int64]:
    return np.array([number for numbers in lists.values() for number in numbers], np.int64)


def cases_of(shop: Shop, rows: Sequence[Row]) -> EvaluationCases:
    """A case for each row, since a user has several."""
    names = [f"row {number}" for number in range(len(rows))]
    histories, targets = [row["history"] for row in rows], [[row["next"]] for row in rows]
    return EvaluationCases.from_lists(names, histories, targets, shop.item_count)


def folds(shop: Shop, rows: Sequence[Row], count: int) -> list[Snapshot]:
    """Cut the users into parts at random: the past of each snapshot is that of all other parts."""
    users = sorted({row["user"] for row in rows})
    parts = dict(zip(users, np.random.default_rng(0).integers(0, count, len(users)), strict=True))
    return [
        Snapshot(
            past_of(shop, [row for row in rows if parts[row["user"]] != part]),
            cases_of(shop, [row for row in rows if parts[row["user"]] == part]),
        )
        for part in range(count)
    ]


AMAZON_INDUSTRIAL = QualityTask(
    name="amazon_industrial, next item",
    settings="amazon_industrial",
    items="all",
    targets={"HR@10": 0.155, "NDCG@10": 0.112},
    times_baseline={},
    protocol="learned from the valid rows alone: the mixture from five parts of their users, each with counts of the "
    "other users; every test row is a case; all items are ranked, those of the history too",
    load=load,
)
