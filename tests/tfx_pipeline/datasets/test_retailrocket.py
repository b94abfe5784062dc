"""RetailRocket: events as published, items from the long table of properties."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]

EVENTS = """timestamp,visitorid,event,itemid,transactionid
1433221332117,257597,view,355908,
1433224214164,992329,addtocart,248676,
1433224244282,992329,transaction,248676,4000
1433221337106,992329,view,10,
"""


@pytest.fixture
def download(save: Save) -> Save:
    save("events.csv", EVENTS)
    header = "timestamp,itemid,property,value\n"
    first = "1435460400000,355908,categoryid,1338\n1441508400000,248676,888,1116713 960601 n277.200\n"
    save("item_properties_part1.csv", header + first + "1435460400000,355908,available,1\n")
    second = "1439089200000,248676,categoryid,999\n1433041200000,248676,categoryid,1114\n"
    save("item_properties_part2.csv", header + second)
    save("category_tree.csv", "categoryid,parentid\n1338,1278\n1278,653\n653,\n1114,653\n")
    return save


def test_events_and_items(download: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    config = load_dataset("retailrocket", data_dir, run_dir)
    assert config.data.events.paths == [str(data_dir / "events.csv")]
    result = ingested(config)
    assert result.events("user_id", "item_id", "event_type", "timestamp", "basket_id") == [
        ("257597", "355908", "view", 1433221332, ""),
        ("992329", "10", "view", 1433221337, ""),
        ("992329", "248676", "addtocart", 1433224214, ""),
        ("992329", "248676", "transaction", 1433224244, "4000"),
    ]
    # The first known category counts; an item without properties is kept with nothing but its id.
    assert sorted(result.items("item_id", "title", "category")) == [
        ("10", "", ""),
        ("248676", "", "653 > 1114"),
        ("355908", "", "653 > 1278 > 1338"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("category_tree.csv", "categoryid,parentid\n1,2\n2,1\n", "category_tree.csv: category 1 is its own ancestor"),
        ("category_tree.csv", "a,b\n1,2\n", "category_tree.csv: not the category tree of RetailRocket: .*categoryid"),
        ("item_properties_part1.csv", "a,b\n1,2\n", "item_properties_part1.csv: not the item properties of RetailRock"),
    ],
)
def test_other_files(download: Save, data_dir: Path, run_dir: Path, name: str, content: str, message: str) -> None:
    download(name, content)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset("retailrocket", data_dir, run_dir)
    assert "\n" not in str(caught.value)
    assert not list(run_dir.rglob("*.parquet"))
