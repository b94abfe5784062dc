"""The made-up shop."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.benchmarks.generated_events import ITEMS, PURCHASE, generated_shop
from tfx_pipeline.sources.contract import DUPLICATE_EVENT, RETURN, UNKNOWN_ITEM
from tfx_pipeline.sources.ingest import ingest

EVENTS = 300_000
"""More than one chunk."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    generated_shop(folder, EVENTS)
    return folder


@pytest.fixture(scope="module")
def events(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "events.parquet")


def test_as_many_events_as_asked_for_in_the_order_of_time(events: pd.DataFrame) -> None:
    assert len(events) == EVENTS
    assert events["timestamp"].is_monotonic_increasing
    year = pd.to_datetime(events["timestamp"], unit="s")
    assert year.min() == pd.Timestamp("2023-01-01") and pd.Timestamp("2023-12-30") < year.max() < pd.Timestamp("2024")


def test_a_basket_has_one_user_and_one_time(events: pd.DataFrame) -> None:
    baskets = events.groupby("basket_id")
    assert (baskets[["user_id", "timestamp"]].nunique() == 1).all(axis=None)
    assert baskets.size().mean() == pytest.approx(8, rel=0.05)


def test_items_follow_zipf_and_users_differ(events: pd.DataFrame) -> None:
    items = events["item_id"].value_counts()
    assert items.index[0] == "i0000000"
    assert items["i0000000"] / items["i0000009"] == pytest.approx(10**0.9, rel=0.1)
    users = events["user_id"].value_counts()
    assert users.mean() == pytest.approx(200, rel=0.05) and users.max() > 5 * users.median()


def test_the_same_seed_gives_the_same_shop(folder: Path, tmp_path: Path) -> None:
    generated_shop(tmp_path, 1_000)
    first = pq.read_table(tmp_path / "events.parquet")
    generated_shop(tmp_path, 1_000)
    assert pq.read_table(tmp_path / "events.parquet").equals(first)
    generated_shop(tmp_path, 1_000, seed=8)
    assert not pq.read_table(tmp_path / "events.parquet").equals(first)


def test_few_rows_break_a_rule_of_each_kind(folder: Path, tmp_path: Path) -> None:
    report = ingest(generated_shop(folder, EVENTS), [PURCHASE], tmp_path).events
    assert report.rows_read == EVENTS
    assert report.quarantined.keys() == {UNKNOWN_ITEM}
    assert report.dropped.keys() == {DUPLICATE_EVENT, RETURN}
    shares = np.array([report.quarantined[UNKNOWN_ITEM], report.dropped[DUPLICATE_EVENT], report.dropped[RETURN]])
    assert (shares > 0).all() and (shares < EVENTS / 50).all()
    assert pq.read_metadata(tmp_path / "items.parquet").num_rows == ITEMS - 10
