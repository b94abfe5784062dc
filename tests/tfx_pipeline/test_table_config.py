"""The configuration of the shop's tables: what it takes, and the one line for what it does not."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tfx_pipeline.table_config import BigQueryConfig, DataConfig, RulesConfig, TableConfig


def test_paths_are_texts_however_they_are_given(tmp_path: Path) -> None:
    assert TableConfig(path=tmp_path).path == str(tmp_path)
    assert TableConfig(path="gs://shop/log").paths == ["gs://shop/log"]
    mixed: Any = [tmp_path / "a.csv", "b.csv"]
    table = TableConfig(path=mixed, eval_path=tmp_path, test_path=(tmp_path,))
    assert table.paths == [str(tmp_path / "a.csv"), "b.csv"]
    assert (table.eval_path, table.test_path) == (str(tmp_path), [str(tmp_path)])


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (TableConfig(path="a.csv"), "a.csv"),
        (TableConfig(path=["a.csv", "b-{SPAN}.csv"]), "a.csv, b-{SPAN}.csv"),
        (TableConfig(bigquery=BigQueryConfig(table="shop.log.events")), "bigquery shop.log.events"),
        (TableConfig(bigquery=BigQueryConfig(query="SELECT 1")), "bigquery query"),
    ],
)
def test_what_errors_call_a_table(table: TableConfig, name: str) -> None:
    assert table.name == name


def test_tables_that_the_shop_has() -> None:
    events = {"path": "e.csv", "own_columns": {"channel": "text"}}
    data = DataConfig.model_validate({"events": events})
    assert list(data.tables) == ["events"]
    assert data.own_columns == {"events": {"channel": "text"}, "items": {}}
    items = {"path": "i", "own_columns": {"kg": "number"}}
    others = {name: {"path": name} for name in ("users", "judgments", "serving_log")}
    data = DataConfig.model_validate({"events": events, "items": items, **others})
    assert list(data.tables) == ["events", "items", "users", "judgments"]
    assert data.own_columns["items"] == {"kg": "number"}


def test_a_table_survives_json() -> None:
    table = TableConfig(
        path=["a.csv", "b.csv"],
        columns={"item_id": ["shop", "sku"]},
        values={"event_type": {"pv": "view"}},
        own_columns={"kg": "number"},
        drop=["mail"],
        time_zone="Europe/Berlin",
        decimal_mark=",",
    )
    data = DataConfig(events=table, rules=RulesConfig.model_validate({"now": "2017-01-01", "returns": "drop"}))
    assert DataConfig.model_validate_json(data.model_dump_json()) == data


ONE_SOURCE = "Value error, give either path or bigquery"
ONE_QUERY = "Value error, give either table or query"
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"events": {}}, "events", ONE_SOURCE),
    ({"events": {"path": []}}, "events", ONE_SOURCE),
    ({"events": {"path": "e", "bigquery": {"query": "q"}}}, "events", ONE_SOURCE),
    ({"events": {"bigquery": {}}}, "events.bigquery", ONE_QUERY),
    ({"events": {"bigquery": {"query": "q", "table": "a.b.c"}}}, "events.bigquery", ONE_QUERY),
    ({"events": {"bigquery": {"table": "b.c"}}}, "events.bigquery.table",
     r"String should match pattern '^[\w-]+\.\w+\.[\w$-]+$'"),
    ({"events": {"path": "e", "spans": 0}}, "events.spans", "Input should be greater than or equal to 1"),
    ({"events": {"path": "e", "format": "xml"}}, "events.format",
     "Input should be 'csv', 'jsonl', 'parquet' or 'tfrecord'"),
    ({"events": {"path": "e", "csv": {"delimiter": ""}}}, "events.csv.delimiter",
     "String should have at least 1 character"),
    ({"events": {"path": "e", "csv": {"delimiter": "<sep>"}}}, "events.csv.delimiter",
     "String should have at most 4 characters"),
    ({"events": {"path": "e", "csv": {"separator": ";"}}}, "events.csv.separator", "Extra inputs are not permitted"),
    ({"events": {"path": "e", "time_unit": "ns"}}, "events.time_unit", "Input should be 'auto', 's', 'ms' or 'us'"),
    ({"events": {"path": "e", "time_zone": "Berlin"}}, "events.time_zone",
     "Value error, 'Berlin' is not a time zone of the IANA data base"),
    ({"events": {"path": "e", "time_zone": "../../etc/passwd"}}, "events.time_zone",
     "Value error, '../../etc/passwd' is not a time zone of the IANA data base"),
    ({"events": {"path": "e", "order": "time"}}, "events.order", "Input should be 'file'"),
    ({"events": {"path": "e", "decimal_mark": ";"}}, "events.decimal_mark", "Input should be '.' or ','"),
    ({"events": {"path": "e", "category_separator": ""}}, "events.category_separator",
     "String should have at least 1 character"),
    ({"events": {"path": "e", "own_columns": {"kg": "float"}}}, "events.own_columns.kg",
     "Input should be 'text' or 'number'"),
    ({"events": {"path": "e", "values": {"event_type": "pv"}}}, "events.values.event_type",
     "Input should be a valid dictionary"),
    ({"events": {"path": "e"}, "max_bad_share": 1.5}, "max_bad_share", "Input should be less than or equal to 1"),
    ({"events": {"path": "e"}, "rules": {"missing_users": "keep"}}, "rules.missing_users",
     "Input should be 'quarantine', 'drop' or 'ignore'"),
    ({"events": {"path": "e"}, "rules": {"duplicate_items": "keep"}}, "rules.duplicate_items",
     "Input should be 'quarantine', 'drop' or 'ignore'"),
    ({"events": {"path": "e"}, "rules": {"now": "soon"}}, "rules.now",
     "Input should be a valid datetime or date, input is too short"),
    ({"events": {"path": "e"}, "privacy": {"key": "secret"}}, "privacy.key", "Extra inputs are not permitted"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "field", "message"), WRONG, ids=[field for _, field, _ in WRONG])
def test_what_is_not_accepted(document: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DataConfig.model_validate(document)
    first = caught.value.errors()[0]
    assert (".".join(map(str, first["loc"])), first["msg"]) == (field, message)
