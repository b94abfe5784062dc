"""Items, users and judgments on their way to Parquet; and when a table is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.sources import contract, forgotten_users, parquet_reader
from tfx_pipeline.sources.contract import ITEM_COLUMNS, JUDGMENT_COLUMNS, USER_COLUMNS
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.report import TableReport
from tfx_pipeline.sources.rules import ItemRules, JudgmentRules, UserRules
from tfx_pipeline.sources.table_ingest import TooManyBadRows, check_report, ingest_table
from tfx_pipeline.sources.user_hash import hash_ids
from tfx_pipeline.table_config import RulesConfig, TableConfig

Save = Callable[[str, str | bytes], Path]
BadRows = Callable[[Path, str], list[tuple[int, str, str, str]]]


def items_of(table: TableConfig, out: Path, **rules: Any) -> tuple[TableReport, list[dict[str, Any]]]:
    report = ingest_table("items", table, ITEM_COLUMNS, ItemRules(RulesConfig(**rules)), out)
    return report, pq.read_table(out / "items.parquet").to_pylist()


def test_items_have_all_columns_of_the_contract_and_no_nulls(save: Save, out: Path) -> None:
    lines = [
        '{"item_id": 7, "title": "Tee ", "category": ["Food", "Tea"], "tags": "x", "kg": 0.5}',
        '{"item_id": 8, "title": null, "image_embedding": [1, 0.5], "available": false}',
    ]
    path = save("items.jsonl", "\n".join(lines))
    table = TableConfig(path=path, own_columns={"tags": "text", "kg": "number"})
    report, rows = items_of(table, out)
    assert report == TableReport(2, 2)
    schema = pq.read_schema(out / "items.parquet")
    assert schema.names == [*(column.name for column in ITEM_COLUMNS), "tags", "kg"]
    nan_is_none = [{name: None if value != value else value for name, value in row.items()} for row in rows]
    assert nan_is_none == [
        {"item_id": "7", "title": "Tee", "description": "", "category": "Food > Tea", "brand": "", "price": None,
         "available": True, "image_embedding": [], "tags": "x", "kg": 0.5},
        {"item_id": "8", "title": "", "description": "", "category": "", "brand": "", "price": None,
         "available": False, "image_embedding": [1.0, 0.5], "tags": "", "kg": None},
    ]  # fmt: skip
    assert pq.read_table(out / "items.parquet").column("price").null_count == 0


def test_duplicates_are_found_across_batches_and_files(
    tmp_path: Path, out: Path, bad_rows: BadRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_reader, "BATCH_ROWS", 3)
    for name, ids in (("a", "ababccd"), ("b", "ea")):
        pq.write_table(
            pa.table({"item_id": list(ids), "title": list("1234567"[: len(ids)])}), tmp_path / f"{name}.parquet"
        )
    table = TableConfig(path=[tmp_path / "a.parquet", tmp_path / "b.parquet"])
    report, rows = items_of(table, out)
    assert [(row["item_id"], row["title"]) for row in rows] == [
        ("a", "1"), ("b", "2"), ("c", "5"), ("d", "7"), ("e", "1"),
    ]  # fmt: skip
    assert [row[0] for row in bad_rows(out, "items")] == [3, 4, 6, 2]
    assert report.quarantined == {contract.DUPLICATE_ITEM: 4}


def test_a_log_of_events_as_items_table(save: Save, out: Path, bad_rows: BadRows) -> None:
    table = TableConfig(path=save("log.csv", "item_id,title,user\na,A,1\na,A,2\nb,B,1\na,A,3\n"))
    report, rows = items_of(table, out, duplicate_items="ignore")
    assert [row["item_id"] for row in rows] == ["a", "b"]
    assert (report.ignored, bad_rows(out, "items")) == ({contract.DUPLICATE_ITEM: 2}, [])


def test_users_with_hashed_ids(save: Save, out: Path) -> None:
    table = TableConfig(path=save("users.csv", "user_id,age\n7,40\n8,\n,3\n"), own_columns={"age": "number"})
    hidden = lambda ids: hash_ids(ids, b"0123456789abcdef")  # noqa: E731
    report = ingest_table("users", table, USER_COLUMNS, UserRules(), out, hidden)
    kept = pq.read_table(out / "users.parquet")
    assert kept["user_id"].to_pylist() == hidden(pa.array(["7", "8"])).to_pylist()
    assert report == TableReport(3, 2, {contract.MISSING_USER: 1})


def test_judgments(save: Save, out: Path, bad_rows: BadRows) -> None:
    path = save("judgments.tsv", "query\titem_id\trelevance\ntea\ta\t3\ntea\tz\t1\n\ta\t1\ntea\ta\t\ntea\ta\tgood\n")
    report = ingest_table("judgments", TableConfig(path=path), JUDGMENT_COLUMNS, JudgmentRules(pa.array(["a"])), out)
    assert pq.read_table(out / "judgments.parquet").to_pylist() == [
        {"query": "tea", "item_id": "a", "relevance": 3.0, "split": ""}
    ]
    assert bad_rows(out, "judgments") == [
        (3, "item_id", contract.UNKNOWN_ITEM, "z"),
        (4, "query", contract.MISSING_QUERY, ""),
        (5, "relevance", contract.MISSING_RELEVANCE, ""),
        (6, "relevance", contract.NOT_A_NUMBER, "good"),
    ]
    assert report.rows_bad == 4


QUARANTINE = "file,line,column,reason,value\nshop.csv,4,preis,twin,\nshop.csv,5,preis,late,-1\n"
TABLE = TableConfig(path=["a.csv", "b.csv"])


def refusal(report: TableReport, share: float, folder: Path) -> DataError | None:
    (folder / "q.csv").write_text(QUARANTINE)
    try:
        check_report(report, TABLE, share, folder / "q.csv")
    except DataError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("report", "share", "line"),
    [
        (TableReport(), 1.0, "a.csv, b.csv: the file has no data rows"),
        (
            TableReport(100, 97, {"late": 1, "dear": 1}, {"twin": 1}),
            0.01,
            "a.csv, b.csv: 2 of 100 rows are bad, more than the share of 0.01 that max_bad_share allows: late 1, "
            "dear 1; first: line 5, preis: late: '-1'",
        ),
        (
            TableReport(3, 2, {"late": 1}),
            0.0,
            "a.csv, b.csv: 1 of 3 rows are bad, more than the share of 0 that max_bad_share allows: late 1; "
            "first: line 5, preis: late: '-1'",
        ),
        (
            TableReport(6, 0, {"late": 1}, {"twin": 2}, {"odd": 3}),
            1.0,
            "a.csv, b.csv: none of 6 rows is left: late 1, twin 2, odd 3",
        ),
    ],
    ids=["no rows", "too many bad ones", "not one may be bad", "none left"],
)
def test_a_table_that_is_refused(tmp_path: Path, report: TableReport, share: float, line: str) -> None:
    error = refusal(report, share, tmp_path)
    assert str(error) == line
    assert isinstance(error, TooManyBadRows) == (report.rows_read > 0)


def test_the_allowed_share_is_inclusive_and_counts_quarantined_rows_only(tmp_path: Path) -> None:
    assert refusal(TableReport(100, 1, {"late": 1}, {"twin": 50}, {"odd": 48}), 0.01, tmp_path) is None
    assert refusal(TableReport(1, 1), 0.0, tmp_path) is None


def test_a_forgotten_user_is_in_no_table_of_users(save: Save, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    forgotten_users.add(tmp_path, "ann")
    forgotten = forgotten_users.ForgottenUsers(tmp_path / forgotten_users.FORGOTTEN_USERS_FILE)
    table = TableConfig(path=save("u.csv", "user_id,age\nann,7\nbob,8\n"), own_columns={"age": "number"})
    report = ingest_table("users", table, USER_COLUMNS, UserRules(), tmp_path, forgotten=forgotten)
    assert report == TableReport(2, 1, ignored={contract.FORGOTTEN_USER: 1})
    assert pq.read_table(tmp_path / "users.parquet")["user_id"].to_pylist() == ["bob"]
    assert "ann" not in (tmp_path / "quarantine" / "users.csv").read_text()
