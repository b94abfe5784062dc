"""WANDS: judged pairs, joined with their queries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]

PRODUCTS = (
    "product_id\tproduct_name\tproduct_class\tcategory hierarchy\tproduct_description\tproduct_features\t"
    "rating_count\taverage_rating\treview_count\n"
    "0\tsolid wood platform bed\tBeds\tFurniture / Bedroom Furniture / Beds & Headboards\tgood , deep sleep\t"
    "overallwidth-sidetoside:64.7|style : modern\t15.0\t4.5\t15.0\n"
    '1\tclassic 12 "" shelf\t\tHome / Kids/Teens\t"two\nlines"\ta:b\t\t\t\n'
    "2\tbar stool\tBar Stools\t\t\ta:b\t1.0\t5.0\t1.0\n"
)


@pytest.fixture
def download(save: Save) -> Save:
    save("dataset/product.csv", PRODUCTS)
    save("dataset/query.csv", "query_id\tquery\tquery_class\n0\tsalon chair\tMassage Chairs\n1\tplatform bed\tBeds\n")
    labels = "id\tquery_id\tproduct_id\tlabel\n"
    labels += "0\t0\t2\tPartial\n1\t1\t0\tExact\n2\t1\t1\tIrrelevant\n3\t1\t2\tPartial\n"
    save("dataset/label.csv", labels)
    return save


def test_judgments_and_their_events(
    download: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]
) -> None:
    config = load_dataset("wands", data_dir, run_dir)
    assert config.split.method == "leave_last_out"
    assert config.event_types == ["judged"]
    result = ingested(config)
    assert result.report.time == "file"
    assert result.events("user_id", "item_id", "event_type", "query") == [
        ("0", "2", "judged", "salon chair"),
        ("1", "0", "judged", "platform bed"),
        ("1", "2", "judged", "platform bed"),
    ]
    assert result.judgments("query", "item_id", "relevance") == [
        ("salon chair", "2", 0.5),
        ("platform bed", "0", 1.0),
        ("platform bed", "1", 0.0),
        ("platform bed", "2", 0.5),
    ]
    items = result.items("item_id", "title", "description", "category")
    assert items[0] == (
        "0",
        "solid wood platform bed",
        "good , deep sleep",
        "Furniture > Bedroom Furniture > Beds & Headboards",
    )
    assert items[1][2:] == ("two\nlines", "Home > Kids/Teens")


def test_unknown_labels_and_queries_go_to_quarantine(
    download: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]
) -> None:
    labels = "id\tquery_id\tproduct_id\tlabel\n0\t0\t2\tExact\n1\t1\t0\tGood\n2\t7\t1\tExact\n"
    download("dataset/label.csv", labels)
    config = load_dataset("wands", data_dir, run_dir)
    config.data.max_bad_share = 1.0
    judgments = ingested(config).report.others["judgments"]
    assert judgments.rows_kept == 1
    assert judgments.quarantined == {"missing query": 1, "missing relevance": 1}


def test_other_files(download: Save, data_dir: Path, run_dir: Path) -> None:
    download("dataset/query.csv", "id,text\n1,a\n")
    with pytest.raises(DataError, match=r"query\.csv: not the file of WANDS: .*query_id"):
        load_dataset("wands", data_dir, run_dir)
