"""Online Retail I and II: two years of a British gift shop's invoice lines, as workbooks or as the CSV copies of them.

Every line is a purchase of an invoice, with the price of one piece; lines with a negative quantity are returns. Guests
have no customer number: their lines, a quarter of all, are counted and left out. Postage, fees and the like stand as
items among the products, as in the files. Copies write the times in several ways, which the first line tells apart.
"""

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tfx_pipeline.config import Config, ObjectiveConfig
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile
from tfx_pipeline.datasets.prepared import prepare
from tfx_pipeline.datasets.workbook import sheets, text_schema
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import CsvConfig, DataConfig, RulesConfig, TableConfig

PURCHASE = "purchase"

_MONTH_FIRST, _DAY_FIRST = "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class _Columns:
    """What the columns are called that the two editions name differently."""

    invoice: str
    price: str
    customer: str

    @property
    def read(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (self.invoice, "StockCode", "Description", "Quantity", "InvoiceDate", self.price, self.customer)


def _online_retail(download: Download, columns: _Columns, workbook: str, copies: tuple[str, ...]) -> Config:
    found = download.paths(*copies)
    path = found[0] if found else _unpack(download, workbook, columns)
    dialect = CsvConfig() if path.suffix == ".parquet" else CsvConfig(encoding=_encoding(path))
    time_format = None if path.suffix == ".parquet" else _time_format(path, dialect.encoding)
    events = TableConfig(
        path=path,
        csv=dialect,
        columns={
            "user_id": columns.customer,
            "item_id": "StockCode",
            "timestamp": "InvoiceDate",
            "basket_id": columns.invoice,
            "price": columns.price,
            "quantity": "Quantity",
        },
        constants={"event_type": PURCHASE},
        time_format=time_format,
        time_zone="Europe/London",
    )
    items = TableConfig(
        path=path,
        csv=dialect,
        columns={"item_id": "StockCode", "title": "Description", "price": columns.price},
    )
    rules = RulesConfig(missing_users="ignore", duplicate_items="ignore")
    return Config(
        run_dir=download.run_dir,
        data=DataConfig(events=events, items=items, rules=rules),
        objectives={PURCHASE: ObjectiveConfig(event_types=[PURCHASE])},
    )


def _unpack(download: Download, workbook: str, columns: _Columns) -> Path:
    source = download.path(workbook)
    return prepare(download.prepared("lines"), [source], text_schema(columns.read), sheets(source, columns.read))


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is; else the Latin-1 of the older copies."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _open(path) as stream:
        try:
            while block := stream.read(_BLOCK_BYTES):
                decoder.decode(block)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _time_format(path: Path, encoding: str) -> str | None:
    """How a copy writes the time of an invoice; None for ISO 8601.

    Slashes are American, as in `12/1/2010 8:26`, and dashes are British, as in `01-12-2010 08:26`.
    """
    with _open(path) as stream, io.TextIOWrapper(stream, encoding, newline="") as lines:
        first = next(_times(lines), "")
    if re.match(r"\d{4}-", first):
        return None
    for pattern, time_format in ((r"\d{1,2}/\d{1,2}/\d{4} ", _MONTH_FIRST), (r"\d{1,2}-\d{1,2}-\d{4} ", _DAY_FIRST)):
        if re.match(pattern, first):
            return time_format
    raise DataError(f"{path}: row 1: {first!r} is no InvoiceDate as any known copy of Online Retail writes it")


def _times(lines: IO[str]) -> Iterator[str]:
    for row in csv.DictReader(lines):
        yield row.get("InvoiceDate") or ""


_WHERE = "https://archive.ics.uci.edu/dataset/"
_LICENCE = "CC BY 4.0"
_I = _Columns(invoice="InvoiceNo", price="UnitPrice", customer="CustomerID")
_II = _Columns(invoice="Invoice", price="Price", customer="Customer ID")
_I_WORKBOOK, _I_COPIES = "Online Retail.xlsx", ("data.csv", "OnlineRetail.csv", "Online_Retail.csv")
_II_WORKBOOK, _II_COPIES = "online_retail_II.xlsx", ("online_retail_II.csv",)

ONLINE_RETAIL = Dataset(
    name="online-retail",
    title="Online Retail: a year of a British gift shop's invoice lines, 2010-2011",
    files=(PublishedFile((_I_WORKBOOK, *_I_COPIES), "invoice lines"),),
    where=f"{_WHERE}352/online+retail (online+retail.zip)",
    licence=_LICENCE,
    configure=partial(_online_retail, columns=_I, workbook=_I_WORKBOOK, copies=_I_COPIES),
)
ONLINE_RETAIL_II = Dataset(
    name="online-retail-ii",
    title="Online Retail II: two years of the same shop's invoice lines, 2009-2011",
    files=(PublishedFile((_II_WORKBOOK, *_II_COPIES), "invoice lines"),),
    where=f"{_WHERE}502/online+retail+ii (online+retail+ii.zip)",
    licence=_LICENCE,
    configure=partial(_online_retail, columns=_II, workbook=_II_WORKBOOK, copies=_II_COPIES),
)
