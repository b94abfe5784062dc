"""REES46: months of a shop's log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx_pipeline.datasets.dataset import load_dataset

Save = Callable[[str, str | bytes], Path]

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
OCTOBER = (
    "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n"
    "2019-10-01 00:00:04 UTC,cart,1004237,2053013555631882655,electronics.smartphone,apple,1081.98,535871217,c6bd7419\n"
)
NOVEMBER = (
    "2019-11-01 00:00:01 UTC,purchase,1004237,2053013555631882655,electronics.smartphone,apple,1081.98,535871217,c6\n"
    "2019-11-01 00:00:02 UTC,remove_from_cart,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n"
)


def test_months(save: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    save("2019-Nov.csv", HEADER + NOVEMBER)
    save("2019-Oct.csv.gz", HEADER + OCTOBER)
    save("notes.csv", "a\n")
    config = load_dataset("rees46", data_dir, run_dir)
    assert [Path(path).name for path in config.data.events.paths] == ["2019-Oct.csv.gz", "2019-Nov.csv"]
    assert {name: each.event_types for name, each in config.objectives.items()} == {
        "click": ["view"],
        "cart": ["cart"],
        "purchase": ["purchase"],
    }
    result = ingested(config)
    assert result.events("user_id", "item_id", "event_type", "timestamp", "price", "session_id") == [
        ("535871217", "1004237", "cart", 1569888004, 1081.98, "c6bd7419"),
        ("535871217", "1004237", "purchase", 1572566401, 1081.98, "c6"),
        ("541312140", "44600062", "view", 1569888000, 35.79, "72d76fde"),
    ]
    assert sorted(result.items("item_id", "title", "category", "brand", "price")) == [
        ("1004237", "apple electronics.smartphone", "electronics > smartphone", "apple", 1081.98),
        ("44600062", "shiseido", "", "shiseido", 35.79),
    ]
    assert result.report.events.ignored == {"event type not in any objective": 1}
    assert not run_dir.exists()
