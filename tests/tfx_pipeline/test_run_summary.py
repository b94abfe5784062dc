import json
from dataclasses import replace
from pathlib import Path

import pytest

from tfx_pipeline.run_summary import Gate, RunSummary, RunSummaryError, TableCount, load_run_summary


def test_json_gives_the_same_summary_back(run_summary: RunSummary, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(run_summary.to_json(), encoding="utf-8")
    assert load_run_summary(path) == run_summary


def test_json_is_readable_without_us(run_summary: RunSummary) -> None:
    document = json.loads(run_summary.to_json())
    assert document["started"] == "2026-01-02T03:04:00Z"
    assert document["tables"][0]["quarantined"] == {"quantity is not positive": 8869}
    assert document["windows"][1]["table"]["rows"][1]["metrics"]["HR@10"] == 0.5125


def test_totals(run_summary: RunSummary) -> None:
    assert run_summary.seconds == pytest.approx(137.44)
    assert run_summary.tables[0].rows_quarantined == 8_869
    assert run_summary.blessed


def test_one_failed_gate_or_none_at_all_is_no_blessing(run_summary: RunSummary) -> None:
    failed = replace(run_summary, gates=(*run_summary.gates, Gate("AUC", False, "0.55 is below 0.6")))
    assert not failed.blessed
    assert not replace(run_summary, gates=()).blessed


def test_a_lost_row_is_an_error() -> None:
    with pytest.raises(ValueError) as error:
        TableCount("events", 10, 8, {"no user_id": 1})
    assert str(error.value) == "events: 10 rows read, 8 kept, 1 in quarantine do not add up"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "metrics.json: the whole document: Invalid JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "metrics.json: the whole document: Input should be an object"),
        ("{}", "metrics.json: title: Field required"),
    ],
)
def test_a_document_that_is_no_summary(text: str, message: str) -> None:
    with pytest.raises(RunSummaryError) as error:
        RunSummary.from_json(text, "metrics.json")
    assert str(error.value) == message


def test_a_wrong_field_is_named(run_summary: RunSummary) -> None:
    document = json.loads(run_summary.to_json())
    document["stages"][1]["seconds"] = "long"
    with pytest.raises(RunSummaryError, match=r"^summary: stages\.1\.seconds: Input should be a valid number"):
        RunSummary.from_json(json.dumps(document))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    with pytest.raises(RunSummaryError) as error:
        load_run_summary(path)
    assert str(error.value) == f"{path}: No such file or directory"


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunSummaryError) as error:
        load_run_summary(path)
    assert str(error.value) == f"{path}: not a text file"
