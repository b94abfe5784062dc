"""From the items of a shop to the file of predictions."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.attributes.described_items import DescribedItems, described_items
from tfx_pipeline.attributes.fill import fill_items
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.errors import PipelineError

ITEMS = 400


@pytest.fixture(scope="module")
def items() -> tuple[DescribedItems, np.ndarray]:
    """A brand that the inputs tell; every fourth item lacks it."""
    random = np.random.default_rng(0)
    kind = random.integers(3, size=ITEMS)
    brands = np.array(["ABC"[each] for each in kind], dtype=object)
    brands[::4] = ""
    ids = np.array([f"i{row:03d}" for row in range(ITEMS)], dtype=object)
    empty, prices = np.full(ITEMS, "", dtype=object), np.full(ITEMS, np.nan)
    inputs = (4 * np.eye(3)[kind] + random.normal(size=(ITEMS, 3))).astype(np.float32)
    return DescribedItems.of(
        ids, np.array([f"t{row}" for row in range(ITEMS)], dtype=object), empty, brands, prices
    ), inputs


def test_only_gaps_are_filled(tmp_path: Path, items: tuple[DescribedItems, np.ndarray]) -> None:
    described, inputs = items
    (brand,) = fill_items(described, inputs, tmp_path / "filled.csv", 0.9, "shop")
    rows = list(csv.DictReader((tmp_path / "filled.csv").open(newline="")))
    assert (brand.name, brand.lacking, brand.filled) == ("brand", ITEMS // 4, len(rows))
    assert len(rows) > ITEMS // 8
    lacking = set(described.item_ids[described.values["brand"] == ""])
    assert [row["item_id"] for row in rows] == sorted({row["item_id"] for row in rows} & lacking)
    truth = {item: "ABC"[place] for item, place in zip(described.item_ids, inputs.argmax(axis=1), strict=True)}
    assert np.mean([row["value"] == truth[row["item_id"]] for row in rows]) > 0.9
    assert brand.threshold is not None
    assert all(float(row["probability"]) >= round(brand.threshold, 4) for row in rows)


def test_a_shop_without_attributes(tmp_path: Path, items: tuple[DescribedItems, np.ndarray]) -> None:
    described, inputs = items
    empty = DescribedItems(described.item_ids, described.texts, {"brand": np.full(ITEMS, "", dtype=object)})
    message = "^shop.yaml: no attribute of the items has two values that enough of them share$"
    with pytest.raises(PipelineError, match=message):
        fill_items(empty, inputs, tmp_path / "filled.csv", 0.9, "shop.yaml")
    assert not (tmp_path / "filled.csv").exists()


def test_items_are_described_by_their_tables(tmp_path: Path, write_ingested: Callable[..., None]) -> None:
    events = pd.DataFrame(
        {
            "user_id": ["a", "a", "a", "x", "x"],
            "item_id": ["i", "i", "j", "i", "i"],
            "event_type": "buy",
            "timestamp": [0, 1, 2, 3, 9],
            "price": [2.0, 4.0, 7.0, 3.0, 100.0],
        }
    )
    table = {"item_id": ["i", "j"], "title": ["Tea", ""], "description": ["green", ""], "category": ["food > tea", ""]}
    write_ingested(tmp_path, events, pd.DataFrame({**table, "brand": ["", "B"], "price": [np.nan, 8.0]}))
    described = described_items(tmp_path, SplitConfig(shares=(0.2, 0.7, 0.9)))
    assert described.texts.tolist() == ["Tea green", ""]
    assert described.values["category"].tolist() == ["food > tea", ""]
    assert described.values["top_category"].tolist() == ["food", ""]
    # The mean of what was paid before the eval window, and the item's own price.
    assert described.values["price_band"].tolist() == ["3.00", "8.00"]
