"""Online Retail I and II: workbooks, and the CSV copies that people use."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset
from tfx_pipeline.sources.contract import MISSING_USER
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str | bytes], Path]
Ingest = Callable[..., Any]

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
HEADER_II = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
# In summer London is an hour ahead of UTC.
TIMES = {
    "american": ("12/1/2010 8:26", "7/4/2011 10:05"),
    "british": ("01-12-2010 08:26", "04-07-2011 10:05"),
    "iso": ("2010-12-01 08:26:00", "2011-07-04 10:05:00"),
}
WINTER, SUMMER = 1291191960, 1309770300


def lines(header: str, first: str, second: str) -> str:
    return (
        f"{header}\n"
        f'536365,85123A,"WHITE ""HEART"", 7 £ HOLDER",6,{first},2.55,17850,United Kingdom\n'
        f"536365,71053,WHITE METAL LANTERN,6,{first},3.39,17850,United Kingdom\n"
        f"536370,22728,ALARM CLOCK,24,{first},3.75,,France\n"
        f"C536379,71053,LANTERN,-6,{second},3.39,17850,United Kingdom\n"
    )


def check(result: Any) -> None:
    assert result.events("user_id", "item_id", "event_type", "timestamp", "basket_id", "price", "quantity") == [
        ("17850", "85123A", "purchase", WINTER, "536365", 2.55, 6.0),
        ("17850", "71053", "purchase", WINTER, "536365", 3.39, 6.0),
    ]
    returned_at = [(item, time) for item, time in result.events("item_id", "returned_at") if time < 2**62]
    assert returned_at == [("71053", SUMMER)]
    assert result.items("item_id", "title", "price") == [
        ("85123A", 'WHITE "HEART", 7 £ HOLDER', 2.55),
        ("71053", "WHITE METAL LANTERN", 3.39),
        ("22728", "ALARM CLOCK", 3.75),
    ]
    assert result.report.events.ignored == {MISSING_USER: 1}
    assert result.report.events.rows_bad == 0


@pytest.mark.parametrize("style", TIMES)
@pytest.mark.parametrize(("name", "encoding"), [("data.csv", "latin-1"), ("OnlineRetail.csv.gz", "utf-8")])
def test_copies(
    save: Save, data_dir: Path, run_dir: Path, ingested: Ingest, style: str, name: str, encoding: str
) -> None:
    save(name, lines(HEADER, *TIMES[style]).encode(encoding))
    config = load_dataset("online-retail", data_dir, run_dir)
    assert not run_dir.exists()
    check(ingested(config))


def test_copy_of_the_second(save: Save, data_dir: Path, run_dir: Path, ingested: Ingest) -> None:
    save("online_retail_II.csv", lines(HEADER_II, *TIMES["iso"]))
    check(ingested(load_dataset("online-retail-ii", data_dir, run_dir)))


@pytest.mark.parametrize("time", ["1 December 2010", ""])
def test_a_copy_with_other_times(save: Save, data_dir: Path, run_dir: Path, time: str) -> None:
    save("data.csv", lines(HEADER, time, time))
    with pytest.raises(DataError, match=rf"data\.csv: row 1: '{time}' is no InvoiceDate as any known copy of Online"):
        load_dataset("online-retail", data_dir, run_dir)


@pytest.mark.parametrize(
    ("name", "file"), [("online-retail", "Online Retail.xlsx"), ("online-retail-ii", "online_retail_II.xlsx")]
)
def test_workbooks(data_dir: Path, run_dir: Path, ingested: Ingest, name: str, file: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    header = (HEADER if name == "online-retail" else HEADER_II).split(",")
    winter, summer = datetime(2010, 12, 1, 8, 26), datetime(2011, 7, 4, 10, 5)
    book = openpyxl.Workbook()
    first = book.active
    first.append(header)
    first.append([536365, "85123A", 'WHITE "HEART", 7 £ HOLDER', 6, winter, 2.55, 17850, "United Kingdom"])
    first.append([536365, 71053, "WHITE METAL LANTERN", 6, winter, 3.39, 17850.0, "United Kingdom"])
    second = book.create_sheet("Year 2010-2011") if name == "online-retail-ii" else first
    if second is not first:
        second.append(header)
        second.append([536365, "85123A", 'WHITE "HEART", 7 £ HOLDER', 6, winter, 2.55, 17850, "United Kingdom"])
    second.append([536370, 22728, "ALARM CLOCK", 24, winter, 3.75, None, "France"])
    second.append(["C536379", 71053, "LANTERN", -6, summer, 3.39, 17850, "United Kingdom"])
    book.save(data_dir / file)
    check(ingested(load_dataset(name, data_dir, run_dir)))
