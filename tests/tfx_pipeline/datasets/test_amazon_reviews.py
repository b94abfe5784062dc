"""Amazon Reviews in the layouts of 2014, 2018 and 2023."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.contract import DUPLICATE_ITEM
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]
Ingest = Callable[..., Any]


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def review(user: str, item: str, stars: float, time: int) -> dict[str, Any]:
    return {
        "reviewerID": user,
        "asin": item,
        "reviewerName": 'J. "McDonald"',
        "helpful": [2, 3],
        "reviewText": "I bought this, and\nlike it.",
        "overall": stars,
        "summary": "Good",
        "unixReviewTime": time,
        "reviewTime": "09 13, 2009",
    }


@pytest.mark.parametrize("five_core", ["", "_5"])
def test_2014(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest, five_core: str) -> None:
    reviews = lines(review("A2", "0000031852", 5.0, 1252800000), review("A1", "B1", 2.0, 1252886400))
    save(f"reviews_Toys_and_Games{five_core}.json.gz", reviews)
    products = (
        "{'asin': '0000031852', 'title': 'Girls Ballet Tutu', 'price': 3.17, 'imUrl': 'http://x/y.jpg', "
        "'related': {'also_bought': ['B00JHONN1S']}, 'salesRank': {'Toys & Games': 211836}, "
        "'brand': 'Coxlures', 'categories': [['Sports & Outdoors', 'Dance'], ['Toys']]}\n"
    )
    save("meta_Toys_and_Games.json.gz", products)
    result = ingested(load_dataset("amazon-reviews-2014", data_dir, run_dir))
    assert result.events("user_id", "item_id", "event_type", "timestamp", "rating") == [
        ("A1", "B1", "rating", 1252886400, 2.0),
        ("A2", "0000031852", "rating", 1252800000, 5.0),
    ]
    assert result.items("item_id", "title", "category", "brand", "price")[0] == (
        "0000031852",
        "Girls Ballet Tutu",
        "Sports & Outdoors > Dance",
        "Coxlures",
        3.17,
    )
    assert [item for (item,) in result.items("item_id")] == ["0000031852", "B1"]


def test_2018_with_two_categories(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest) -> None:
    save("Musical_Instruments.json", lines(review("A1", "B1", 4.0, 1252800000)))
    save("Musical_Instruments_5.json", lines(review("A1", "B1", 4.0, 1252800000)))
    save("Software_5.json.gz", lines(review("A1", "B2", 1.0, 1252886400)))
    shared = {"asin": "B1", "title": "Guitar", "category": ["Musical Instruments", "Guitars"], "price": "$1,199.99"}
    save("meta_Musical_Instruments.json", lines(shared))
    other = {"asin": "B2", "title": "Office &amp; Co", "category": [], "brand": "M", "price": ""}
    save("meta_Software.json.gz", lines(shared, other))
    config = load_dataset("amazon-reviews-2018", data_dir, run_dir)
    assert [Path(path).name for path in config.data.events.paths] == ["Musical_Instruments.json", "Software_5.json.gz"]
    result = ingested(config)
    assert result.events("user_id", "item_id", "rating") == [("A1", "B1", 4.0), ("A1", "B2", 1.0)]
    assert result.items("item_id", "title", "category", "brand")[1] == ("B2", "Office & Co", "", "M")
    assert result.report.items.dropped == {DUPLICATE_ITEM: 1}


def test_2023(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest) -> None:
    rated = {
        "rating": 5.0,
        "title": "Such a lovely scent",
        "text": "This spray is really nice.",
        "images": [],
        "asin": "B00YQ6X8EO",
        "parent_asin": "B00YQ6X8E1",
        "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ",
        "timestamp": 1588687728923,
        "helpful_vote": 0,
        "verified_purchase": True,
    }
    save("All_Beauty.jsonl.gz", lines(rated))
    product = {
        "main_category": "All Beauty",
        "title": "Herbivore Sea Mist",
        "average_rating": 4.3,
        "features": ["a", "b"],
        "description": ["Coconut.", "Vegan."],
        "price": "from 12.00",
        "store": "Herbivore",
        "categories": ["Beauty", "Hair"],
        "details": {"Brand": "Herbivore"},
        "parent_asin": "B00YQ6X8E1",
        "bought_together": None,
    }
    save("meta_All_Beauty.jsonl.gz", lines(product))
    result = ingested(load_dataset("amazon-reviews-2023", data_dir, run_dir))
    assert result.events("user_id", "item_id", "timestamp", "rating") == [
        ("AGKHLEW2SOWHNMFQIJGBECAF7INQ", "B00YQ6X8E1", 1588687728, 5.0)
    ]
    assert result.items("title", "description", "category", "brand", "price") == [
        ("Herbivore Sea Mist", "Coconut. Vegan.", "Beauty > Hair", "Herbivore", 12.0)
    ]


def test_a_category_without_products(save: Save, data_dir: Path, run_dir: Path) -> None:
    save("meta_Books.jsonl", "{}\n")
    save("Books.jsonl", "{}\n")
    save("Software.jsonl", "{}\n")
    with pytest.raises(
        DataError, match=r"download: data set amazon-reviews-2023: no meta_Software\.jsonl; download it"
    ):
        load_dataset("amazon-reviews-2023", data_dir, run_dir)


def test_products_alone_are_no_reviews(save: Save, data_dir: Path, run_dir: Path) -> None:
    save("meta_Books.json", "{}\n")
    with pytest.raises(DataError, match=r"amazon-reviews-2018: missing \[!m\]\*\.json \(reviews of a category, all or"):
        load_dataset("amazon-reviews-2018", data_dir, run_dir)
