"""The whole of ingestion: golden tables, accounting, and what is left behind."""

import json
import os
import time
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

from tfx_pipeline.sources import contract, event_files, forgotten_users
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import read_events
from tfx_pipeline.sources.event_shards import NEVER
from tfx_pipeline.sources.ingest import check_tables, ingest
from tfx_pipeline.sources.report import IngestReport, TableReport
from tfx_pipeline.sources.table_ingest import TooManyBadRows
from tfx_pipeline.sources.user_hash import hash_ids
from tfx_pipeline.table_config import DataConfig, PrivacyConfig, RulesConfig, TableConfig

SINGLE_LINE = st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"])

BadRows = Callable[[Path, str], list[tuple[int, str, str, str]]]
RowsOf = Callable[[pa.Table], list[tuple[Any, ...]]]
Save = Callable[[str, str | bytes], Path]
Shop = Callable[..., DataConfig]


def test_a_small_shop(shop: Shop, out: Path, rows_of: RowsOf) -> None:
    report = ingest(shop(), ["view", "purchase"], out)
    assert rows_of(read_events(out)) == [
        ("u1", "007", "view", 1483228800),
        ("u1", "b", "purchase", 1483228801),
        ("u2", "007", "purchase", 1483228800),
    ]
    items = pq.read_table(out / "items.parquet")
    assert items.column_names == [column.name for column in contract.ITEM_COLUMNS]
    kept = {"description": "", "category": "", "brand": "", "available": True, "image_embedding": []}
    assert items.drop(["price"]).to_pylist() == [
        {"item_id": "007", "title": "Tea, green", **kept},
        {"item_id": "b", "title": "Brot", **kept},
    ]
    assert np.isnan(items["price"].to_numpy()).all() and items["price"].null_count == 0
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*")) == [
        "events", "events/part-00000-of-00001.parquet", "ingest.json", "items.parquet",
        "quarantine", "quarantine/events.csv", "quarantine/items.csv",
    ]  # fmt: skip
    assert IngestReport.load(out) == report == IngestReport(TableReport(3, 3), TableReport(2, 2))
    assert json.loads((out / "ingest.json").read_text())["events"]["rows_read"] == 3


def test_without_an_items_table_the_events_are_the_catalogue(shop: Shop, out: Path, rows_of: RowsOf) -> None:
    report = ingest(shop(items=None), ["purchase"], out)
    assert [row[:2] for row in rows_of(pq.read_table(out / "items.parquet"))] == [("007", ""), ("b", "")]
    assert report.items == TableReport(2, 2)
    assert not (out / "quarantine" / "items.csv").exists()


def test_a_shop_in_its_own_words_from_pandas(tmp_path: Path, out: Path, bad_rows: BadRows, rows_of: RowsOf) -> None:
    zeit = pd.to_datetime(pd.Series(["2017-01-01 01:00", "2017-01-01 02:00", None])).dt.tz_localize("Europe/Berlin")
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
    assert rows_of(read_events(out)) == [("12", "7", "kauf", 1483228800, "grüner Tee")]
    items = rows_of(pq.read_table(out / "items.parquet"))
    assert [row[:4] for row in items] == [("7", "Tee 茶", "", "Tee"), ("9", "b", "", "")]
    assert bad_rows(out, "events") == [
        (2, "artikel", contract.MISSING_ITEM, ""),
        (3, "zeit", contract.UNREADABLE_TIMESTAMP, ""),
    ]


def test_a_shop_with_all_tables(save: Save, out: Path, bad_rows: BadRows) -> None:
    header = "user_id,item_id,event_type,timestamp,quantity,channel\n"
    events = "u,a,buy,1,1,web\nu,a,buy,5,-1,web\nv,z,buy,3,2,shop\nv,z,buy,3,2,shop\nv,b,look,3,2,shop\n,b,buy,1,1,\n"
    own: dict[str, Any] = {"own_columns": {"channel": "text"}}
    data = DataConfig(
        events=TableConfig(path=save("e.csv", header + events), **own),
        items=TableConfig(path=save("i.csv", "item_id,title,kg\na,A,1\nb,B,2\n"), own_columns={"kg": "number"}),
        users=TableConfig(path=save("u.csv", "user_id,age\nu,40\nv,41\n"), own_columns={"age": "number"}),
        judgments=TableConfig(path=save("j.csv", "query,item_id,relevance\ntea,a,2\n")),
        serving_log=TableConfig(path=save("s.csv", header + "v,a,buy,9,1,web\n,a,buy,9,1,web\n"), **own),
        max_bad_share=0.5,
        rules=RulesConfig(unlisted_items="keep"),
    )
    report = ingest(data, ["buy"], out)
    row = {"user_id": "u", "item_id": "a", "event_type": "buy", "timestamp": 1, "quantity": 1.0, "channel": "web"}
    assert read_events(out).to_pylist() == [
        {**row, "returned_at": 5},
        {
            **row,
            "user_id": "v",
            "item_id": "z",
            "timestamp": 3,
            "quantity": 2.0,
            "channel": "shop",
            "returned_at": NEVER,
        },
    ]
    items = pq.read_table(out / "items.parquet")
    assert items.select(["item_id", "title"]).to_pylist()[-1] == {"item_id": "z", "title": ""}
    np.testing.assert_array_equal(items["kg"], [1.0, 2.0, np.nan])
    assert pq.read_table(out / "users.parquet").to_pylist() == [
        {"user_id": "u", "age": 40.0}, {"user_id": "v", "age": 41.0},
    ]  # fmt: skip
    assert pq.read_table(out / "judgments.parquet")["relevance"].to_pylist() == [2.0]
    assert pq.read_table(out / "serving_log.parquet").to_pylist() == [{**row, "user_id": "v", "timestamp": 9}]
    assert bad_rows(out, "events") == [
        (3, "quantity", contract.RETURN, "-1"),
        (5, "", contract.DUPLICATE_EVENT, ""),
        (7, "user_id", contract.MISSING_USER, ""),
    ]
    assert bad_rows(out, "serving_log") == [(3, "user_id", contract.MISSING_USER, "")]
    missing = {contract.MISSING_USER: 1}
    assert IngestReport.load(out) == report == IngestReport(
        TableReport(6, 2, missing, {contract.DUPLICATE_EVENT: 1, contract.RETURN: 1}, {contract.OTHER_EVENT_TYPE: 1}),
        TableReport(2, 2),
        {"users": TableReport(2, 2), "judgments": TableReport(1, 1), "serving_log": TableReport(2, 1, missing)},
        returned=1,
        items_added=1,
    )  # fmt: skip


@pytest.mark.parametrize(("columns", "settings_", "kind"), [
    ("user_id,item_id,event_type,sequence", {}, "sequence"),
    ("user_id,item_id,event_type,rank", {"order": "file"}, "file"),
    ("user_id,item_id,event_type,rank", {"columns": {"sequence": "rank"}}, "sequence"),
])  # fmt: skip
def test_events_without_times(save: Save, out: Path, columns: str, settings_: dict[str, Any], kind: str) -> None:
    path = save("e.csv", f"{columns}\nu,c,buy,99999999999\nu,a,buy,2\nu,b,buy,1\n")
    report = ingest(DataConfig(events=TableConfig(path=path, **settings_)), ["buy"], out)
    events = read_events(out)
    assert report.time == kind
    assert events["item_id"].to_pylist() == (["c", "a", "b"] if kind == "file" else ["b", "a", "c"])
    assert events["timestamp"].to_pylist() == ([1, 2, 3] if kind == "file" else [1, 2, 99999999999])


def test_spans_are_in_the_report_and_columns_of_all_files_in_the_events(save: Save, out: Path) -> None:
    save("log/2017-01-30.csv", "user_id,item_id,event_type,timestamp\nu,a,buy,1\n")
    save("log/2017-01-31.csv", "user_id,item_id,event_type,timestamp,price\nu,a,buy,2,5\n")
    save("log/2017-02-01.csv", "user_id,item_id,event_type,timestamp,query\nu,a,buy,3,tea\n")
    path = str(out.parent / "log" / "{YYYY}-{MM}-{DD}.csv")
    report = ingest(DataConfig(events=TableConfig(path=path, spans=2)), ["buy"], out)
    assert report.spans == (17197, 17198)
    events = read_events(out)
    assert events.column_names == ["user_id", "item_id", "event_type", "timestamp", "price", "query", "span"]
    np.testing.assert_array_equal(events["price"], [5.0, np.nan])
    assert events["query"].to_pylist() == ["", "tea"]
    assert events["span"].to_pylist() == [17197, 17198]


def test_hashed_and_forgotten_users(shop: Shop, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "a secret of the shop"
    monkeypatch.setenv("SHOPRANK_USER_KEY", key)
    first, second = hash_ids(pa.array(["u1", "u2"]), key.encode()).to_pylist()
    forgotten_users.add(out.parent, second)
    forgotten = out.parent / forgotten_users.FORGOTTEN_USERS_FILE
    events = "user_id,item_id,event_type,timestamp\nu1,007,view,1\nu2,007,view,1\nu1,b,view,soon\nu1,b\n"
    data = shop(events, privacy=PrivacyConfig(hash_user_ids=True), max_bad_share=0.5)
    report = ingest(data, ["view", "purchase"], out, forgotten=forgotten)
    assert set(read_events(out)["user_id"].to_pylist()) == {first}
    assert report.events.ignored == {contract.FORGOTTEN_USER: 1}
    assert report.events.rows_bad == 2
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert not any(secret in written for secret in (b"u1", b"u2", key.encode(), second.encode()))


def test_the_latest_time_is_utc_wherever_the_machine_is(
    shop: Shop, out: Path, bad_rows: BadRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    rules = RulesConfig(now=datetime(2017, 1, 1, 0, 0, 0))
    try:
        ingest(shop(rules=rules, max_bad_share=0.9), ["view", "purchase"], out)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert bad_rows(out, "events") == [(3, "timestamp", contract.FUTURE_TIME, "1483228801")]
    assert os.environ.get("TZ") != "America/New_York"


def test_times_may_be_a_day_ahead_by_default(save: Save, out: Path, bad_rows: BadRows) -> None:
    hour = 3600
    rows = "".join(f"u,a,buy,{int(time.time()) + hours * hour}\n" for hours in (-1, 0, 23, 25))
    path = save("e.csv", "user_id,item_id,event_type,timestamp\n" + rows)
    ingest(DataConfig(events=TableConfig(path=path), max_bad_share=0.5), ["buy"], out)
    assert [row[0] for row in bad_rows(out, "events")] == [5]


def test_the_number_of_shards_makes_no_difference(save: Save, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"user {row % 23},i{row % 5},buy,{row // 7},{'-1' if row % 9 == 4 else '1'}\n" for row in range(400)]
    path = save("e.csv", "user_id,item_id,event_type,timestamp,quantity\n" + "".join(rows + rows[:50]))
    found = []
    for name, size in (("one", 10**6), ("many", 20)):
        monkeypatch.setattr(event_files, "EVENTS_PER_SHARD", size)
        (out / name).mkdir()
        report = ingest(DataConfig(events=TableConfig(path=path)), ["buy"], out / name)
        quarantine = (out / name / "quarantine" / "events.csv").read_text()
        shards = len(event_files.event_files(out / name))
        by_user = sorted(read_events(out / name).to_pylist(), key=lambda event: event["user_id"])
        found.append((report, quarantine, by_user, (out / name / "items.parquet").read_bytes()))
        assert shards == 1 if name == "one" else shards >= 5
    assert found[0] == found[1]
    assert found[0][0].events.dropped.keys() == {contract.DUPLICATE_EVENT, contract.RETURN}
    assert found[0][0].returned > 0


def test_the_pipeline_that_is_given_does_the_work(shop: Shop, out: Path) -> None:
    from tfx_pipeline.sources.ingest import in_process

    made = []

    def make() -> Any:
        made.append(in_process())
        return made[-1]

    ingest(shop(), ["view"], out, make_pipeline=make)
    assert len(made) == 1
    assert any("Sift" in label for label in made[0].applied_labels)


def test_too_many_bad_rows_are_shown_outside_and_nothing_is_left(shop: Shop, out: Path) -> None:
    events = "user_id,item_id,event_type,timestamp\nu,b,view,1\n,b,view,1\n"
    shown = out.parent / "runs" / "quarantine"
    for _ in range(2):
        with pytest.raises(TooManyBadRows) as caught:
            ingest(shop(events), ["view"], out, quarantine=shown)
        assert str(caught.value) == (
            f"{out.parent / 'events.csv'}: 1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows: "
            f"missing user_id 1; first: line 3, user_id: missing user_id: ''; all of them: {shown}"
        )
        assert list(out.iterdir()) == []
        assert sorted(path.name for path in shown.iterdir()) == ["events.csv", "items.csv"]
        assert "missing user_id" in (shown / "events.csv").read_text()


def test_a_directory_that_is_in_use_is_left_alone(shop: Shop, out: Path) -> None:
    (out / "keep").write_text("mine")
    with pytest.raises(DataError, match=r"out: the destination is not an empty directory$"):
        ingest(shop(), ["view"], out)
    assert [path.name for path in out.iterdir()] == ["keep"]
    with pytest.raises(DataError, match=r"none: the destination is not an empty directory$"):
        ingest(shop(), ["view"], out / "none")


def test_tables_can_be_checked_without_reading_rows(save: Save, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    check_tables(shop(events="user_id,item_id,event_type,timestamp\nnot,a,row\n"))
    lacking = save("users.csv", "id\n1\n")
    with pytest.raises(DataError) as caught:
        check_tables(shop(users=TableConfig(path=lacking)))
    assert str(caught.value) == f"{lacking}: user_id needs column 'user_id', but the file has id"
    monkeypatch.delenv("SHOPRANK_USER_KEY", raising=False)
    with pytest.raises(DataError, match="SHOPRANK_USER_KEY, which is not set$"):
        check_tables(shop(privacy=PrivacyConfig(hash_user_ids=True)))


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


@settings(deadline=None, max_examples=12)
@given(events=st.lists(EVENT, min_size=6, max_size=30), has_items=st.booleans())
def test_no_row_is_lost_and_every_kept_row_satisfies_the_contract(
    events: list[dict[str, str]], has_items: bool, bad_rows: BadRows
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
        kept = read_events(out).to_pandas()
        catalogue = pq.read_table(out / "items.parquet")["item_id"].to_pylist()
        rejected = [row[0] for row in bad_rows(out, "events")]
    assert report.rows_read == len(events)
    assert report.rows_kept + sum(report.reasons.values()) == report.rows_read
    assert report.rows_kept == len(kept)
    assert report.rows_bad + sum(report.dropped.values()) == len(rejected) == len(set(rejected))
    assert not (kept[["user_id", "item_id", "event_type"]] == "").to_numpy().any()
    assert set(kept["event_type"]) <= {"buy", "view"}
    assert set(kept["item_id"]) <= set(catalogue) if has_items else sorted(set(kept["item_id"])) == sorted(catalogue)
    assert not (kept["price"] < 0).any() and not np.isinf(kept["price"]).any() and not (kept["quantity"] < 0).any()
    assert kept["timestamp"].dtype == np.int64 and not kept.drop(columns=["price", "quantity"]).isna().any(axis=None)
    assert not kept.drop(columns="returned_at").duplicated().any()


@settings(deadline=None, max_examples=8)
@given(
    st.dictionaries(
        st.tuples(
            st.text(SINGLE_LINE, min_size=1).filter(str.strip), st.datetimes(datetime(1900, 1, 1), datetime(2020, 1, 1))
        ),
        st.none(),
        min_size=1,
    )
)
def test_sound_rows_come_back_as_they_were(written: dict[tuple[str, datetime], None]) -> None:
    with TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "out"
        out.mkdir()
        users, times = [user for user, _ in written], [time for _, time in written]
        table = pa.table({"user_id": users, "item_id": users, "timestamp": pa.array(times, pa.timestamp("us"))})
        pq.write_table(table, folder / "events.parquet")
        events = TableConfig(path=folder / "events.parquet", constants={"event_type": "buy"})
        ingest(DataConfig(events=events, rules=RulesConfig(duplicates="keep")), ["buy"], out)
        kept = read_events(out).to_pydict()
    seconds = [int(time.replace(microsecond=0, tzinfo=timezone.utc).timestamp()) for time in times]
    expected = sorted(zip(users, seconds, strict=True), key=lambda row: (row[0].encode(), row[1]))
    assert list(zip(kept["user_id"], kept["timestamp"], strict=True)) == expected
    assert kept["item_id"] == kept["user_id"]
