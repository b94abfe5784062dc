"""REES46: views, carts and purchases of a large shop, one CSV file a month; the cosmetics shop has the same layout.

Products have no names: brand and category together stand as their title, so that there is a text. The log serves as
items table, and what the first row of a product says stays. Removals from the cart, which the cosmetics shop has, are
no objective.
"""

from datetime import datetime
from pathlib import Path

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.objectives import shop_objectives
from tfx_pipeline.table_config import DataConfig, RulesConfig, TableConfig

_MONTHS = "20[0-9][0-9]-[A-Z][a-z][a-z].csv"


def _rees46(download: Download) -> Config:
    months = [str(path) for path in sorted(download.paths(_MONTHS), key=_month)]
    events = TableConfig(
        path=months,
        columns={
            "user_id": "user_id",
            "item_id": "product_id",
            "timestamp": "event_time",
            "session_id": "user_session",
        },
    )
    items = TableConfig(
        path=months,
        columns={"item_id": "product_id", "title": ["brand", "category_code"], "category": "category_code"},
        category_separator=".",
    )
    data = DataConfig(events=events, items=items, rules=RulesConfig(duplicate_items="ignore"))
    objectives = shop_objectives(click=["view"], cart=["cart"], purchase=["purchase"])
    return Config(run_dir=download.run_dir, data=data, objectives=objectives)


def _month(path: Path) -> datetime:
    return datetime.strptime(path.name.split(".")[0], "%Y-%b")


REES46 = Dataset(
    name="rees46",
    title="REES46: months of a large shop's views, carts and purchases, from October 2019 on",
    files=(PublishedFile((_MONTHS,), "events of a month, one or more"),),
    where="https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store or "
    "https://rees46.com/en/datasets (2019-Oct.csv.gz and on)",
    licence="free use with a link to REES46 Marketing Platform, as its page says",
    configure=_rees46,
)
