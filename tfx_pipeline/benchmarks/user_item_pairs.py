"""Pairs of a user and an item of real shops, as the peers of the training benchmark read them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.datasets.complete_journey import package_folder
from tfx_pipeline.sources.errors import DataError


@dataclass(frozen=True)
class UserItemPairs:
    """N pairs in the order of the file.

    Attributes:
        users: Ids of the users, str [N].
        items: Ids of the items, str [N].
    """

    users: np.ndarray
    items: np.ndarray

    def __len__(self) -> int:
        return len(self.users)


def movielens_100k_pairs(data_dir: Path, count: int | None) -> UserItemPairs:
    """The ratings of MovieLens 100K.

    Args:
        data_dir: Folder that has `ml-100k/events.csv.gz`.
        count: How many, from the first on; None takes all.

    Raises:
        DataError: The file is absent.
    """
    path = data_dir / "ml-100k" / "events.csv.gz"
    if not path.exists():
        raise DataError(f"{path}: no such file")
    table = pd.read_csv(path, dtype=str, usecols=["user_id", "item_id"], nrows=count)
    return _pairs(table["user_id"], table["item_id"])


def complete_journey_pairs(data_dir: Path, count: int | None) -> UserItemPairs:
    """The purchase lines of Complete Journey.

    Args:
        data_dir: Not needed: the data come with a package.
        count: How many, from the first on; None takes all.

    Raises:
        DataError: The package is not installed.
    """
    del data_dir
    columns = ["household_id", "product_id"]
    table = pd.read_parquet(package_folder() / "transactions.parquet", columns=columns)[:count]
    return _pairs(table["household_id"], table["product_id"])


def _pairs(users: pd.Series, items: pd.Series) -> UserItemPairs:
    return UserItemPairs(users.to_numpy().astype(str), items.to_numpy().astype(str))
