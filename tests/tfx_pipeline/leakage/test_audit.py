"""The audit as a whole: its report, its pieces, and what it cannot read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tfx_pipeline.leakage import audit as module
from tfx_pipeline.leakage.audit import audit
from tfx_pipeline.leakage.report import AuditReport
from tfx_pipeline.record_file import write_records
from tfx_pipeline.sources.errors import DataError
from trainer.features import EVAL, TRAIN


@pytest.fixture
def leaking(shop: Any) -> dict[str, Any]:
    """Examples with two leaks."""
    examples: dict[str, Any] = shop.build()
    shop.of(examples, EVAL, "bob")["user_id"] = [b"eve"]
    example = shop.of(examples, TRAIN, "ann")
    example["baskets"][shop.place(example, "egg")] = 99
    return examples


def test_a_report_survives_json(tmp_path: Path, shop: Any, leaking: dict[str, Any]) -> None:
    report = shop.audit(tmp_path, leaking)
    assert [check.name for check in report.failures] == ["events exist", "basket numbers"]
    assert AuditReport.from_json(report.to_json()) == report


def test_pieces_of_the_examples_give_the_same_report(
    tmp_path: Path, shop: Any, leaking: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shop.audit(tmp_path, leaking)
    monkeypatch.setattr(module, "_POSITIONS_AT_ONCE", 1)
    assert shop.audit(tmp_path, leaking) == whole


def test_no_examples_are_nothing_to_check(tmp_path: Path, shop: Any) -> None:
    report = audit({TRAIN: []}, shop.write_tables(tmp_path), shop.by_time)
    assert {check.checked for check in report.checks} == {0}


def test_a_shop_without_baskets_and_returns(tmp_path: Path, shop: Any) -> None:
    events = [event._replace(basket="", returned=10**18) for event in shop.events]
    examples = shop.build(events)
    write_records(tmp_path / "train.gz", map(shop.serialize, examples[TRAIN]))
    for path in shop.write_tables(tmp_path, events).rglob("part-*"):
        pq.write_table(pq.read_table(path).drop(["basket_id", "returned_at", "window"]), path)
    report = audit({TRAIN: [tmp_path / "train.gz"]}, tmp_path, shop.by_time)
    assert report.passed
    assert {check.name: check.checked for check in report.checks}["basket numbers"] == 0


def test_a_split_without_rules_is_refused(tmp_path: Path, shop: Any) -> None:
    with pytest.raises(DataError) as error:
        audit({TRAIN: [], "test": []}, tmp_path, shop.by_time)
    assert str(error.value) == "no rules for examples of the split 'test', only for train, ranker, eval, users"


def shorten_a_list(folder: Path, shop: Any) -> None:
    example = shop.build()[TRAIN][1]
    write_records(folder / "train.gz", [shop.serialize({**example, "timestamps": example["timestamps"][:2]})])


def name_two_users(folder: Path, shop: Any) -> None:
    example = shop.build()[TRAIN][0]
    two = {**example, "user_id": [b"ann", b"bob"]}
    write_records(folder / "train.gz", [shop.serialize(example), shop.serialize(two)])


def break_a_record(folder: Path, shop: Any) -> None:
    write_records(folder / "train.gz", [b"nonsense"])


def break_an_archive(folder: Path, shop: Any) -> None:
    (folder / "train.gz").write_bytes(b"nonsense")


def drop_a_column(folder: Path, shop: Any) -> None:
    path = folder / "events" / "part-00000-of-00002.parquet"
    pq.write_table(pq.read_table(path).drop(["timestamp"]), path)


def spoil_a_part(folder: Path, shop: Any) -> None:
    (folder / "events" / "part-00001-of-00002.parquet").write_bytes(b"nonsense")


def copy_a_part(folder: Path, shop: Any) -> None:
    first = folder / "events" / "part-00000-of-00002.parquet"
    (folder / "events" / "part-00001-of-00002.parquet").write_bytes(first.read_bytes())


def drop_the_tables(folder: Path, shop: Any) -> None:
    for path in (folder / "events").iterdir():
        path.unlink()


BROKEN: list[tuple[Callable[[Path, Any], None], str]] = [
    (shorten_a_list, "{}/train.gz, example 0 + 0: 2 values of timestamps, as many as of item_ids are needed"),
    (name_two_users, "{}/train.gz, example 0 + 1: 2 values of user_id, one is needed"),
    (break_a_record, "{}/train.gz: no tf.Examples of users: "),
    (break_an_archive, "{}/train.gz: no tf.Examples of users: "),
    (drop_a_column, "{}/events/part-00000-of-00002.parquet: no column 'timestamp'"),
    (spoil_a_part, "{}/events/part-00001-of-00002.parquet: "),
    (copy_a_part, "{}/events/part-00001-of-00002.parquet: user ann is in an earlier part as well"),
    (drop_the_tables, "{}/events: no part-*.parquet"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN, ids=[damage.__name__ for damage, _ in BROKEN])
def test_what_cannot_be_audited_is_told(
    tmp_path: Path, shop: Any, damage: Callable[[Path, Any], None], message: str
) -> None:
    write_records(tmp_path / "train.gz", map(shop.serialize, shop.build()[TRAIN]))
    damage(shop.write_tables(tmp_path), shop)
    with pytest.raises(DataError) as error:
        audit({TRAIN: [tmp_path / "train.gz"]}, tmp_path, shop.by_time)
    print(error.value)
    assert str(error.value).startswith(message.format(tmp_path))
    assert "\n" not in str(error.value)
