"""The whole of ingestion: golden tables, accounting, and what is left behind."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import DataConfig, TableConfig
from tfx_pipeline.sources import contract
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.sources.report import IngestReport, TableReport

SINGLE_LINE = st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"])

Shop = Callable[..., DataConfig]


def bad_rows(out: Path, table: str) -> list[tuple[int, str, str, str]]:
    """Row, column, reason and value of every quarantined row."""
    with (out / "quarantine" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [(int(row["row"]), row["column"], row["reason"], row["value"]) for row in csv.DictReader(file)]


def rows(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


def test_a_small_shop(shop: Shop, out: Path) -> None:
    report = ingest(shop(), ["view", "purchase"], out)
    assert rows(out / "events.parquet") == [
        ("u1", "007", "view", 1483228800),
        ("u1", "b", "purchase", 1483228801),
        ("u2", "007", "purchase", 1483228800),
    ]
    items = pq.read_table(out / "items.parquet")
    assert items.column_names == ["item_id", "title", "description", "category", "brand", "price", "available"]
    assert items.drop(["price"]).to_pylist() == [
        {"item_id": "007", "title": "Tea, green", "description": "", "category": "", "brand": "", "available": True},
        {"item_id": "b", "title": "Brot", "description": "", "category": "", "brand": "", "available": True},
    ]
    assert np.isnan(items["price"].to_numpy()).all() and items["price"].null_count == 0
    assert sorted(path.name for path in out.rglob("*")) == [
        "events.csv", "events.parquet", "ingest.json", "items.csv", "items.parquet", "quarantine",
    ]  # fmt: skip
    assert IngestReport.load(out) == report == IngestReport(TableReport(3, 3), TableReport(2, 2))
    assert json.loads((out / "ingest.json").read_text())["events"]["rows_read"] == 3


def test_every_rule_names_its_row(shop: Shop, out: Path) -> None:
    events = """user_id,item_id,event_type,timestamp,price,quantity,position,propensity
u,a,buy,1,2.50,1,0,0.5
,a,buy,1,,,,
u, ,buy,1,,,,
u,a,,1,,,,
u,a,view,then,,,,
,,,,,,,
u,a,buy,then,,,,
u,nope,buy,1,,,,
u,a,buy,1,-0.01,,,
u,a,buy,1,,-3,,
u,a,buy,1,"3,50",,,
u,a,buy,1,,two,,
u,a,buy,1,,,first,
u,a,buy,1,,,-1,
u,a,buy,1,,,1.5,
u,a,buy,1,,,,p
u,a,buy,1,,,,0
u,a,buy,1,,,,1.01
u,a,buy
u,a,buy,1,,,,
"""
    items = "item_id,title,price,available\na,A,3,no\n,B,,\nc,C,-1,\na,again,,\nd,D,x,\ne,E,,perhaps\nc,C second,1,\n"
    report = ingest(shop(events, items, max_bad_share=1.0), ["buy"], out)
    assert bad_rows(out, "events") == [
        (2, "user_id", contract.MISSING_USER, ""),
        (3, "item_id", contract.MISSING_ITEM, " "),
        (4, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (6, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (7, "timestamp", contract.UNREADABLE_TIMESTAMP, "then"),
        (8, "item_id", contract.UNKNOWN_ITEM, "nope"),
        (9, "price", contract.NEGATIVE_PRICE, "-0.01"),
        (11, "price", contract.NOT_A_NUMBER, "3,50"),
        (12, "quantity", contract.NOT_A_NUMBER, "two"),
        (13, "position", contract.NOT_A_NUMBER, "first"),
        (14, "position", contract.NOT_A_NUMBER, "-1"),
        (15, "position", contract.NOT_A_NUMBER, "1.5"),
        (16, "propensity", contract.NOT_A_NUMBER, "p"),
        (17, "propensity", contract.PROPENSITY_OUT_OF_RANGE, "0"),
        (18, "propensity", contract.PROPENSITY_OUT_OF_RANGE, "1.01"),
        (19, "", contract.WRONG_FIELD_COUNT, "u,a,buy"),
    ]
    assert report.events.ignored == {contract.OTHER_EVENT_TYPE: 1, contract.NEGATIVE_QUANTITY: 1}
    assert (report.events.rows_read, report.events.rows_kept, report.events.rows_bad) == (20, 2, 16)
    assert pq.read_table(out / "events.parquet")["position"].to_pylist() == [0, -1]
    assert bad_rows(out, "items") == [
        (2, "item_id", contract.MISSING_ITEM, ""),
        (3, "price", contract.NEGATIVE_PRICE, "-1"),
        (4, "item_id", contract.DUPLICATE_ITEM, "a"),
        (5, "price", contract.NOT_A_NUMBER, "x"),
        (6, "available", contract.UNREADABLE_FLAG, "perhaps"),
    ]
    kept = pq.read_table(out / "items.parquet").select(["item_id", "title", "available"]).to_pylist()
    assert [tuple(item.values()) for item in kept] == [("a", "A", False), ("c", "C second", True)]


def test_ids_with_line_breaks_would_break_vocabularies(tmp_path: Path, out: Path) -> None:
    users, items = ["u", "u\nv", "w"], ["a", "a", "b\r"]
    columns = {"user_id": users, "item_id": items, "event_type": ["buy"] * 3, "timestamp": [1, 1, 1]}
    pd.DataFrame(columns).to_parquet(tmp_path / "events.parquet")
    data = DataConfig(events=TableConfig(path=tmp_path / "events.parquet"), max_bad_share=1.0)
    assert ingest(data, ["buy"], out).events.quarantined == {contract.LINE_BREAK_IN_ID: 2}
    assert [row[1] for row in bad_rows(out, "events")] == ["user_id", "item_id"]


def test_without_an_items_table_the_events_are_the_catalogue(shop: Shop, out: Path) -> None:
    report = ingest(shop(items=None), ["purchase"], out)
    assert [row[:2] for row in rows(out / "items.parquet")] == [("b", ""), ("007", "")]
    assert report.items == TableReport(2, 2)
    assert (out / "quarantine" / "items.csv").read_text() == "file,row,column,reason,value\n"


def test_a_shop_in_its_own_words_from_pandas(tmp_path: Path, out: Path) -> None:
    zeit = pd.to_datetime(["2017-01-01 01:00", "2017-01-01 02:00", None]).tz_localize("Europe/Berlin")
    pd.DataFrame(
        {
            "kunde": [12, 12, 13],
            "artikel": [7.0, np.nan, 9.0],
            "art": pd.Categorical(["kauf", "kauf", "kauf"]),
            "zeit": zeit,
            "suche": ["grüner Tee", None, None],
        }
    ).to_parquet(tmp_path / "events.parquet")
    pd.DataFrame({"artikel": [7, 9], "ebene1": ["Tee", None], "ebene2": [None, None], "name": ["茶", "b"]}).to_parquet(
        tmp_path / "items.parquet"
    )
    data = DataConfig(
        events=TableConfig(
            path=tmp_path / "events.parquet",
            columns={"user_id": "kunde", "item_id": "artikel", "event_type": "art", "timestamp": "zeit",
                     "query": "suche"},
        ),
        items=TableConfig(
            path=tmp_path / "items.parquet",
            columns={"item_id": "artikel", "title": ["ebene1", "name"], "category": ["ebene1", "ebene2"]},
        ),
        max_bad_share=0.7,
    )  # fmt: skip
    ingest(data, ["kauf"], out)
    assert rows(out / "events.parquet") == [("12", "7", "kauf", 1483228800, "grüner Tee")]
    assert [row[:4] for row in rows(out / "items.parquet")] == [("7", "Tee 茶", "", "Tee"), ("9", "b", "", "")]
    assert bad_rows(out, "events") == [
        (2, "artikel", contract.MISSING_ITEM, ""),
        (3, "zeit", contract.UNREADABLE_TIMESTAMP, ""),
    ]


def test_duplicates_are_found_across_batches(
    tmp_path: Path, shop: Shop, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfx_pipeline.sources.parquet_reader.BATCH_ROWS", 3)
    pq.write_table(
        pa.table({"item_id": ["a", "b", "a", "b", "c", "c", "d"], "title": list("1234567")}), tmp_path / "i.parquet"
    )
    data = shop("user_id,item_id,event_type,timestamp\nu,d,buy,1\n", max_bad_share=1.0)
    data.items = TableConfig(path=tmp_path / "i.parquet")
    ingest(data, ["buy"], out)
    assert [row[:2] for row in rows(out / "items.parquet")] == [("a", "1"), ("b", "2"), ("c", "5"), ("d", "7")]
    assert [row[0] for row in bad_rows(out, "items")] == [3, 4, 6]


def test_a_directory_that_is_in_use_is_left_alone(shop: Shop, out: Path) -> None:
    (out / "keep").write_text("mine")
    with pytest.raises(DataError, match=r"out: the destination is not an empty directory$"):
        ingest(shop(), ["view"], out)
    assert [path.name for path in out.iterdir()] == ["keep"]


IDS = st.sampled_from(["", "a", "b", "007", "ü,\"'"])
EVENT = st.fixed_dictionaries(
    {
        "user_id": IDS,
        "item_id": IDS,
        "event_type": st.sampled_from(["", "buy", "view", "other"]),
        "timestamp": st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(datetime.isoformat)
        | st.integers(0, 2**40).map(str)
        | st.text(max_size=3),
        "price": st.floats(allow_nan=False).map(str) | st.just("") | st.text(max_size=2),
        "quantity": st.integers(-2, 9).map(str) | st.just("") | st.just("many"),
    }
)


@settings(deadline=None, max_examples=60)
@given(events=st.lists(EVENT, max_size=12), has_items=st.booleans())
def test_no_row_is_lost_and_every_kept_row_satisfies_the_contract(
    events: list[dict[str, str]], has_items: bool
) -> None:
    sound = {"user_id": "a", "item_id": "a", "event_type": "buy", "timestamp": "0", "price": "", "quantity": ""}
    events = [sound, *events]
    with TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out"
        out.mkdir()
        pq.write_table(pa.Table.from_pylist(events), folder / "events.parquet")
        (folder / "items.csv").write_text("item_id,title\na,A\n007,B\n", encoding="utf-8")
        data = DataConfig(
            events=TableConfig(path=folder / "events.parquet"),
            items=TableConfig(path=folder / "items.csv") if has_items else None,
            max_bad_share=1.0,
        )
        report = ingest(data, ["buy", "view"], out).events
        kept = pq.read_table(out / "events.parquet").to_pandas()
        catalogue = set(pq.read_table(out / "items.parquet")["item_id"].to_pylist())
        quarantined = [row[0] for row in bad_rows(out, "events")]
    assert report.rows_read == len(events)
    assert report.rows_kept + report.rows_bad + sum(report.ignored.values()) == report.rows_read
    assert (report.rows_kept, report.rows_bad) == (len(kept), len(quarantined))
    assert len(set(quarantined)) == len(quarantined)
    assert not (kept[["user_id", "item_id", "event_type"]] == "").to_numpy().any()
    assert set(kept["event_type"]) <= {"buy", "view"}
    assert set(kept["item_id"]) <= catalogue
    assert not (kept["price"] < 0).any() and not np.isinf(kept["price"]).any() and not (kept["quantity"] < 0).any()
    assert kept["timestamp"].dtype == np.int64


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.text(SINGLE_LINE, min_size=1).filter(str.strip), st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
        ),
        min_size=1,
    )
)
def test_sound_rows_come_back_as_they_were(written: list[tuple[str, datetime]]) -> None:
    with TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out"
        out.mkdir()
        users, times = [user for user, _ in written], [time for _, time in written]
        table = pa.table({"user_id": users, "item_id": users, "timestamp": pa.array(times, pa.timestamp("us"))})
        pq.write_table(table, folder / "events.parquet")
        events = TableConfig(path=folder / "events.parquet", constants={"event_type": "buy"})
        ingest(DataConfig(events=events), ["buy"], out)
        kept = rows(out / "events.parquet")
    expected = [int(time.replace(microsecond=0, tzinfo=timezone.utc).timestamp()) for time in times]
    assert kept == [(user, user, "buy", second) for user, second in zip(users, expected, strict=True)]
