"""A corpus of malformed rows in all formats: each gets its line, column, reason and value in the quarantine file."""

import gzip
import json
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from tfx_pipeline.record_file import masked_crc
from tfx_pipeline.sources import contract
from tfx_pipeline.sources.event_files import read_events
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.table_config import CsvConfig, DataConfig, RulesConfig, TableConfig

BadRows = Callable[[Path, str], list[tuple[int, str, str, str]]]
Save = Callable[[str, str | bytes], Path]
EVENT: dict[str, Any] = {"user_id": "u", "item_id": "a", "event_type": "buy", "timestamp": 1}


def items_kept(table: TableConfig, out: Path, **settings: Any) -> list[tuple[str, int]]:
    """Item and time of every event that is kept, with no limit to the bad ones."""
    ingest(DataConfig(events=table, max_bad_share=1.0, **settings), ["buy"], out)
    kept = read_events(out, ["item_id", "timestamp"]).to_pydict()
    return list(zip(kept["item_id"], kept["timestamp"], strict=True))


EVENTS_CSV = """user_id,item_id,event_type,timestamp,price,quantity,position,propensity
u,a,buy,1,2.50,1,0,0.5
,a,buy,1,,,,
u, ,buy,1,,,,
u,a,,1,,,,

u,a,view,then,,,,
,,,,,,,
u,a,buy,then,,,,
u,a,buy,2017-02-30,,,,
u,a,buy,2017-13-01,,,,
u,a,buy,2017-01-01T25:00,,,,
u,a,buy,,,,,
u,a,buy,31.12.2017,,,,
u,a,buy,12/31/2017,,,,
u,a,buy,1e999,,,,
u,a,buy,99999999999999999999,,,,
u,a,buy,2017-01-01T00:00:01Z,,,,
u,a,buy,1483228801000,,,,
u,"a
b",buy,1,,,,
"u

v",a,buy,1,,,,
u,nope,buy,1,,,,
u,a,buy,1,-0.01,,,
u,a,buy,1,"3,50",,,
u,a,buy,1,$3,,,
u,a,buy,1,nan,,,
u,a,buy,1,inf,,,
u,a,buy,1,1e400,,,
u,a,buy,1,0x1f,,,
u,a,buy,1,,two,,
u,a,buy,1,,,first,
u,a,buy,1,,,-1,
u,a,buy,1,,,1.5,
u,a,buy,1,,,,p
u,a,buy,1,,,,0
u,a,buy,1,,,,1.01
u,a,buy,1,,,,-0.5
u,a,buy
u,a,buy,1,,,,,,
u,a,buy,1,2.5,1.0,0,.5
u,a,buy,2,,-3,,
u,a,buy,3,,,,
"""
ITEMS_CSV = """item_id,title,price,available,image_embedding
a,A,3,no,
,B,,,
c,C,-1,,
a,again,,,
d,D,x,,
e,E,,perhaps,
f,F,,,a b
g,G,,,1;2
"h
i",H,,,
j,J
c,C second,1,,[1]
"""


def test_csv(save: Save, out: Path, bad_rows: BadRows) -> None:
    kept = items_kept(
        TableConfig(path=save("e.csv", EVENTS_CSV)), out,
        items=TableConfig(path=save("i.csv", ITEMS_CSV)), rules=RulesConfig(now=datetime(2017, 1, 1)),
    )  # fmt: skip
    assert kept == [("a", 1), ("a", 3)]
    assert bad_rows(out, "events") == [
        (3, "user_id", contract.MISSING_USER, ""),
        (4, "item_id", contract.MISSING_ITEM, " "),
        (5, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (8, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (9, "timestamp", contract.UNREADABLE_TIMESTAMP, "then"),
        (10, "timestamp", contract.UNREADABLE_TIMESTAMP, "2017-02-30"),
        (11, "timestamp", contract.UNREADABLE_TIMESTAMP, "2017-13-01"),
        (12, "timestamp", contract.UNREADABLE_TIMESTAMP, "2017-01-01T25:00"),
        (13, "timestamp", contract.UNREADABLE_TIMESTAMP, ""),
        (14, "timestamp", contract.UNREADABLE_TIMESTAMP, "31.12.2017"),
        (15, "timestamp", contract.UNREADABLE_TIMESTAMP, "12/31/2017"),
        (16, "timestamp", contract.UNREADABLE_TIMESTAMP, "1e999"),
        (17, "timestamp", contract.UNREADABLE_TIMESTAMP, "99999999999999999999"),
        (18, "timestamp", contract.FUTURE_TIME, "2017-01-01T00:00:01Z"),
        (19, "timestamp", contract.FUTURE_TIME, "1483228801000"),
        (20, "item_id", contract.LINE_BREAK_IN_ID, "a\nb"),
        (22, "user_id", contract.LINE_BREAK_IN_ID, "u\n\nv"),
        (25, "item_id", contract.UNKNOWN_ITEM, "nope"),
        (26, "price", contract.NEGATIVE_PRICE, "-0.01"),
        (27, "price", contract.NOT_A_NUMBER, "3,50"),
        (28, "price", contract.NOT_A_NUMBER, "$3"),
        (29, "price", contract.NOT_A_NUMBER, "nan"),
        (30, "price", contract.NOT_A_NUMBER, "inf"),
        (31, "price", contract.NOT_A_NUMBER, "1e400"),
        (32, "price", contract.NOT_A_NUMBER, "0x1f"),
        (33, "quantity", contract.NOT_A_NUMBER, "two"),
        (34, "position", contract.NOT_A_NUMBER, "first"),
        (35, "position", contract.NOT_A_NUMBER, "-1"),
        (36, "position", contract.NOT_A_NUMBER, "1.5"),
        (37, "propensity", contract.NOT_A_NUMBER, "p"),
        (38, "propensity", contract.PROPENSITY_OUT_OF_RANGE, "0"),
        (39, "propensity", contract.PROPENSITY_OUT_OF_RANGE, "1.01"),
        (40, "propensity", contract.PROPENSITY_OUT_OF_RANGE, "-0.5"),
        (41, "", contract.WRONG_FIELD_COUNT, "u,a,buy"),
        (42, "", contract.WRONG_FIELD_COUNT, "u,a,buy,1,,,,,,"),
        (43, "", contract.DUPLICATE_EVENT, ""),
        (44, "quantity", contract.RETURN, "-3"),
    ]
    assert bad_rows(out, "items") == [
        (3, "item_id", contract.MISSING_ITEM, ""),
        (4, "price", contract.NEGATIVE_PRICE, "-1"),
        (5, "item_id", contract.DUPLICATE_ITEM, "a"),
        (6, "price", contract.NOT_A_NUMBER, "x"),
        (7, "available", contract.UNREADABLE_FLAG, "perhaps"),
        (8, "image_embedding", contract.NOT_A_VECTOR, "a b"),
        (9, "image_embedding", contract.NOT_A_VECTOR, "1;2"),
        (10, "item_id", contract.LINE_BREAK_IN_ID, "h\ni"),
        (12, "", contract.WRONG_FIELD_COUNT, "j,J"),
    ]


def test_json_lines(save: Save, out: Path, bad_rows: BadRows) -> None:
    events: list[Any] = [
        EVENT,
        [1],
        "nonsense",
        "\xff\xfe",
        {**EVENT, "user_id": None},
        {**EVENT, "timestamp": "2017-02-30T00:00:00Z"},
        {**EVENT, "timestamp": True},
        {**EVENT, "price": "3,5"},
        {**EVENT, "price": [1, 2]},
        '{"user_id": "u", "item_id": "a"',
        '{"user_id": "u"} {"user_id": "v"}',
        {"user_id": "u"},
        "",
        {**EVENT, "timestamp": None},
        {**EVENT, "price": -1},
        {**EVENT, "item_id": "a\nb"},
        '{"user_id": "u", "item_id": "a", "event_type": "buy", "timestamp": NaN}',
        {**EVENT, "item_id": "b", "timestamp": 2},
    ]
    content = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in events).encode("latin-1")
    assert items_kept(TableConfig(path=save("e.jsonl", content)), out) == [("a", 1), ("b", 2)]
    assert bad_rows(out, "events") == [
        (2, "", contract.NOT_JSON, "[1]"),
        (3, "", contract.NOT_JSON, "nonsense"),
        (4, "", contract.NOT_JSON, "\ufffd\ufffd"),
        (5, "user_id", contract.MISSING_USER, ""),
        (6, "timestamp", contract.UNREADABLE_TIMESTAMP, "2017-02-30T00:00:00Z"),
        (7, "timestamp", contract.UNREADABLE_TIMESTAMP, "true"),
        (8, "price", contract.NOT_A_NUMBER, "3,5"),
        (9, "price", contract.NOT_A_NUMBER, "[1, 2]"),
        (10, "", contract.NOT_JSON, '{"user_id": "u", "item_id": "a"'),
        (11, "", contract.NOT_JSON, '{"user_id": "u"} {"user_id": "v"}'),
        (12, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (14, "timestamp", contract.UNREADABLE_TIMESTAMP, ""),
        (15, "price", contract.NEGATIVE_PRICE, "-1"),
        (16, "item_id", contract.LINE_BREAK_IN_ID, "a\nb"),
        (17, "timestamp", contract.UNREADABLE_TIMESTAMP, "NaN"),
    ]


def frame(record: bytes) -> bytes:
    """A record as a TFRecord file holds it."""
    length = struct.pack("<Q", len(record))
    return length + masked_crc(length) + record + masked_crc(record)


def example(**values: Any) -> bytes:
    features = {}
    for name, value in values.items():
        if isinstance(value, str):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        else:
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def test_tfrecord(save: Save, out: Path, bad_rows: BadRows) -> None:
    event = {**EVENT, "timestamp": "1"}
    records = [
        example(**event),
        b"no example",
        example(**{**event, "user_id": ""}),
        example(user_id="u"),
        example(**{**event, "timestamp": "soon"}),
        example(**event, price=-1.5),
        example(**event, price=float("inf")),
        example(**{**event, "timestamp": "2"}),
    ]
    path = save("e.tfrecord", b"".join(map(frame, records)))
    assert items_kept(TableConfig(path=path), out) == [("a", 1), ("a", 2)]
    assert bad_rows(out, "events") == [
        (2, "", contract.NOT_AN_EXAMPLE, ""),
        (3, "user_id", contract.MISSING_USER, ""),
        (4, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (5, "timestamp", contract.UNREADABLE_TIMESTAMP, "soon"),
        (6, "price", contract.NEGATIVE_PRICE, "-1.5"),
        (7, "price", contract.NOT_A_NUMBER, "inf"),
    ]


def test_partitioned_parquet(tmp_path: Path, out: Path, bad_rows: BadRows) -> None:
    table = pa.table(
        {
            "user_id": ["u", None, "u", "u\r", "u", "u"],
            "item_id": pa.array([1.0, 1.0, None, 2.0, 3.0, 4.0]),
            "timestamp": pa.array([0, 1, 2, 3, None, 32503680000000], pa.timestamp("ms")),
            "price": [1.0, None, 1.0, 1.0, -1.0, float("inf")],
        }
    )
    for kind in ("buy", "__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / "log" / f"event_type={kind}").mkdir(parents=True)
        pq.write_table(table.slice(0, 6 if kind == "buy" else 1), tmp_path / "log" / f"event_type={kind}" / "0.parquet")
    assert items_kept(TableConfig(path=tmp_path / "log"), out) == [("1", 0)]
    assert bad_rows(out, "events") == [
        (1, "event_type", contract.MISSING_EVENT_TYPE, ""),
        (2, "user_id", contract.MISSING_USER, ""),
        (3, "item_id", contract.MISSING_ITEM, ""),
        (4, "user_id", contract.LINE_BREAK_IN_ID, "u\r"),
        (5, "timestamp", contract.UNREADABLE_TIMESTAMP, ""),
        (6, "timestamp", contract.FUTURE_TIME, "3000-01-01 00:00:00"),
    ]


def test_german_csv(save: Save, out: Path, bad_rows: BadRows) -> None:
    text = """kunde;artikel;zeit;preis
1;ä;31.12.2017 10:00;3,50
1;a;12.31.2017 10:00;3,50
1;b;30.12.2017 10:00;1.234,50
1;b;30.12.2017 11:00;1,234.50
1;c;30.12.2017;1
;;;
1;2
"""
    table = TableConfig(
        path=save("e.csv.gz", gzip.compress(text.encode("latin-1"))),
        csv=CsvConfig(delimiter=";", encoding="latin-1"),
        columns={"user_id": "kunde", "item_id": "artikel", "timestamp": "zeit", "price": "preis"},
        constants={"event_type": "buy"},
        decimal_mark=",",
        time_format="%d.%m.%Y %H:%M",
        time_zone="Europe/Berlin",
    )
    assert items_kept(table, out) == [("b", 1514624400), ("ä", 1514710800)]
    assert bad_rows(out, "events") == [
        (3, "zeit", contract.UNREADABLE_TIMESTAMP, "12.31.2017 10:00"),
        (5, "preis", contract.NOT_A_NUMBER, "1,234.50"),
        (6, "zeit", contract.UNREADABLE_TIMESTAMP, "30.12.2017"),
        (7, "kunde", contract.MISSING_USER, ""),
        (8, "", contract.WRONG_FIELD_COUNT, "1;2"),
    ]


def test_two_colons_and_no_header(save: Save, out: Path, bad_rows: BadRows) -> None:
    lines = ["u::a::5::2", "u::b::5", "u::::4::3", "::c::3::4", "u::d::x::5", "u::d::4::6::9", 'u::"e::4::7']
    table = TableConfig(
        path=save("ratings.dat", "\n".join(lines)),
        format="csv",
        csv=CsvConfig(delimiter="::", header=["user_id", "item_id", "rating", "timestamp"], quoting=False),
        constants={"event_type": "buy"},
        own_columns={"rating": "number"},
    )
    assert items_kept(table, out) == [("a", 2), ('"e', 7)]
    assert bad_rows(out, "events") == [
        (2, "", contract.WRONG_FIELD_COUNT, "u::b::5"),
        (3, "item_id", contract.MISSING_ITEM, ""),
        (4, "user_id", contract.MISSING_USER, ""),
        (5, "rating", contract.NOT_A_NUMBER, "x"),
        (6, "", contract.WRONG_FIELD_COUNT, "u::d::4::6::9"),
    ]


def test_utf_16_with_a_sequence(save: Save, out: Path, bad_rows: BadRows) -> None:
    places = ["1", "4", "-1", "1.5", "", "third", "100000000000000000000", "2"]
    text = "user_id,item_id,event_type,sequence\r\n" + "".join(f"ü,{place},buy,{place}\r\n" for place in places)
    table = TableConfig(path=save("e.csv", text.encode("utf-16")), csv=CsvConfig(encoding="utf-16"))
    assert items_kept(table, out) == [("1", 1), ("2", 2), ("4", 4)], "gaps in the sequence are fine"
    assert bad_rows(out, "events") == [
        (4, "sequence", contract.UNREADABLE_SEQUENCE, "-1"),
        (5, "sequence", contract.UNREADABLE_SEQUENCE, "1.5"),
        (6, "item_id", contract.MISSING_ITEM, ""),
        (7, "sequence", contract.UNREADABLE_SEQUENCE, "third"),
        (8, "sequence", contract.UNREADABLE_SEQUENCE, "100000000000000000000"),
    ]


def test_null_characters_far_down(save: Save, out: Path, bad_rows: BadRows) -> None:
    """The first kilobytes of a file tell whether it is text at all; further down such a row is only bad."""
    sound = "".join(f"u,a,buy,{time}\n" for time in range(1000))
    path = save("e.csv", f"\ufeffuser_id,item_id,event_type,timestamp\n{sound}u,a,buy,\0\n\0,a\0,buy\n")
    assert len(items_kept(TableConfig(path=path), out)) == 1000
    assert bad_rows(out, "events") == [
        (1002, "timestamp", contract.UNREADABLE_TIMESTAMP, r"\0"),
        (1003, "", contract.WRONG_FIELD_COUNT, r"\0,a\0,buy"),
    ]


def test_spans(save: Save, out: Path, bad_rows: BadRows) -> None:
    for span in (1, 2, 10):
        save(f"log-{span}.csv", f"user_id,item_id,event_type,timestamp\nu,a,buy,{span}\nu,a,buy,day {span}\n")
    table = TableConfig(path=str(out.parent / "log-{SPAN}.csv"), spans=2)
    assert items_kept(table, out) == [("a", 2), ("a", 10)]
    assert bad_rows(out, "events") == [
        (3, "timestamp", contract.UNREADABLE_TIMESTAMP, "day 2"),
        (3, "timestamp", contract.UNREADABLE_TIMESTAMP, "day 10"),
    ]
