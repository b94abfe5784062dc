"""Taobao UserBehavior: page views, favourites, carts and purchases of a million users in nine days; ids only.

The log serves as items table: it tells the category of an item. The few rows with times after the nine days go to
quarantine; the few with times before them, some by decades, stay and fall into the training window.
"""

from datetime import datetime, timedelta, timezone

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.objectives import shop_objectives
from tfx_pipeline.table_config import CsvConfig, DataConfig, RulesConfig, TableConfig

_COLUMNS = ["user_id", "item_id", "category", "event_type", "timestamp"]
_END = datetime(2017, 12, 4, tzinfo=timezone(timedelta(hours=8)))


def _taobao(download: Download) -> Config:
    path = download.path("UserBehavior.csv")
    dialect = CsvConfig(header=_COLUMNS, quoting=False)
    data = DataConfig(
        events=TableConfig(path=path, csv=dialect, time_unit="s"),
        items=TableConfig(path=path, csv=dialect, constants={"title": ""}),
        rules=RulesConfig(duplicate_items="ignore", now=_END),
    )
    objectives = shop_objectives(click=["pv"], cart=["cart", "fav"], purchase=["buy"])
    return Config(run_dir=download.run_dir, data=data, objectives=objectives)


TAOBAO = Dataset(
    name="taobao",
    title="Taobao UserBehavior: nine days of views, favourites, carts and purchases, 2017",
    files=(PublishedFile(("UserBehavior.csv",), "events"),),
    where="https://tianchi.aliyun.com/dataset/649 (UserBehavior.csv.zip)",
    licence="CC BY-NC-SA 4.0, as its page on Tianchi says",
    configure=_taobao,
)
