"""ESCI: judged pairs of one shop of several."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.errors import DataError

EXAMPLES = "shopping_queries_dataset_examples.parquet"
PRODUCTS = "shopping_queries_dataset_products.parquet"


@pytest.fixture
def download(data_dir: Path) -> Path:
    pairs = [
        ("revent 80 cfm", 0, "B000MOO21W", "us", "I", "train"),
        ("revent 80 cfm", 0, "B07X3Y6B1V", "us", "E", "train"),
        ("revent 80 cfm", 0, "B07WDM7MQQ", "us", "S", "train"),
        ("woody", 9, "B07X3Y6B1V", "us", "C", "test"),
        ("!qscreen fence", 9000, "B07X3Y6B1V", "es", "E", "train"),
    ]
    columns = ("query", "query_id", "product_id", "product_locale", "esci_label", "split")
    examples = {name: [pair[at] for pair in pairs] for at, name in enumerate(columns)}
    examples |= {"example_id": [0, 1, 2, 3, 4], "small_version": [0] * 5, "large_version": [1] * 5}
    pq.write_table(pa.table(examples), data_dir / EXAMPLES)
    products = {
        "product_id": ["B000MOO21W", "B07X3Y6B1V", "B07WDM7MQQ", "B07X3Y6B1V"],
        "product_title": ["Panasonic Fan", "Homewerks Fan", "Homewerks Light", "Ventilador"],
        "product_description": [None, "<p>Quiet.</p>", "Bright.", None],
        "product_bullet_point": ["WhisperCeiling", "Easy", None, None],
        "product_brand": ["Panasonic", "Homewerks", "Homewerks", None],
        "product_color": ["White", None, "80 CFM", None],
        "product_locale": ["us", "us", "us", "es"],
    }
    pq.write_table(pa.table(products), data_dir / PRODUCTS)
    return data_dir


def test_judgments_and_their_events(download: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    config = load_dataset("esci", download, run_dir)
    assert config.split.method == "leave_last_out"
    result = ingested(config)
    assert result.events("user_id", "item_id", "event_type", "query") == [
        ("0", "B07X3Y6B1V", "judged", "revent 80 cfm"),
        ("0", "B07WDM7MQQ", "judged", "revent 80 cfm"),
    ]
    assert result.judgments("query", "item_id", "relevance", "split") == [
        ("revent 80 cfm", "B000MOO21W", 0.0, "train"),
        ("revent 80 cfm", "B07X3Y6B1V", 1.0, "train"),
        ("revent 80 cfm", "B07WDM7MQQ", 0.1, "train"),
        ("woody", "B07X3Y6B1V", 0.01, "test"),
    ]
    assert result.items("item_id", "title", "description", "brand", "product_color") == [
        ("B000MOO21W", "Panasonic Fan", "WhisperCeiling", "Panasonic", "White"),
        ("B07X3Y6B1V", "Homewerks Fan", "Easy <p>Quiet.</p>", "Homewerks", ""),
        ("B07WDM7MQQ", "Homewerks Light", "Bright.", "Homewerks", "80 CFM"),
    ]


def test_another_file_of_that_name(download: Path, run_dir: Path) -> None:
    pq.write_table(pa.table({"query": ["a"], "query_id": [1]}), download / EXAMPLES)
    with pytest.raises(DataError, match="not the file of ESCI: no column product_id, esci_label, split, product_local"):
        load_dataset("esci", download, run_dir)
    (download / EXAMPLES).write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DataError, match=r"examples\.parquet: not the file of ESCI: Parquet magic bytes not found"):
        load_dataset("esci", download, run_dir)
