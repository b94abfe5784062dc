import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.distribution_comparison import Comparison, Distance, NotMeasured, Side
from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.run_summary import Gate, RunSummary, RunSummaryError, TableCount, load_run_summary


def test_json_gives_the_same_summary_back(run_summary: RunSummary, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(run_summary.to_json(), encoding="utf-8")
    assert load_run_summary(path) == run_summary


def test_json_keeps_what_was_found_in_the_data(run_summary: RunSummary) -> None:
    comparison = Comparison(
        (Distance("drift", "brand", "L-infinity", 0.5, 0.3, True, 10, 12),),
        (NotMeasured("skew", "price", "Jensen-Shannon divergence", "no values before"),),
        (Side("drift", "span 1", 10, 10), Side("drift", "span 2", 12, 12)),
        ("Skew was not measured.",),
    )
    check = CheckResult("order", "times do not decrease within an example", 7, 0, "")
    for anomalies in ((), ("WARNING, split eval: odd",), None):
        data = DataSummary(("a note",), (check,), comparison, anomalies, "runs/quarantine")
        run = replace(run_summary, data=data)
        assert RunSummary.from_json(run.to_json()) == run


def test_windows_are_dates_or_places_in_an_order(run_summary: RunSummary) -> None:
    places = replace(run_summary.windows[0], start=12, end=10**15)
    run = replace(run_summary, windows=(places, run_summary.windows[1]))
    first, second = RunSummary.from_json(run.to_json()).windows
    assert (first.start, first.end) == (12, 10**15)
    assert second.start == datetime(2017, 12, 4, tzinfo=timezone.utc)


def test_a_summary_from_before_there_were_data_checks_is_read(run_summary: RunSummary) -> None:
    document = json.loads(run_summary.to_json())
    del document["data"]
    for table in document["tables"]:
        del table["left_out"]
    assert RunSummary.from_json(json.dumps(document)) == run_summary


def test_json_is_readable_without_us(run_summary: RunSummary) -> None:
    document = json.loads(run_summary.to_json())
    assert document["started"] == "2026-01-02T03:04:00Z"
    assert document["tables"][0]["quarantined"] == {"quantity is not positive": 8869}
    assert document["windows"][1]["table"]["rows"][1]["metrics"]["HR@10"] == 0.5125


def test_totals(run_summary: RunSummary) -> None:
    assert run_summary.seconds == pytest.approx(137.44)
    assert run_summary.tables[0].rows_quarantined == 8_869
    left_out = TableCount("events", 10, 4, {"missing item_id": 1}, {"duplicate event": 2, "negative quantity": 3})
    assert (left_out.rows_quarantined, left_out.rows_left_out) == (1, 5)
    assert run_summary.blessed


def test_one_failed_gate_or_none_at_all_is_no_blessing(run_summary: RunSummary) -> None:
    failed = replace(run_summary, gates=(*run_summary.gates, Gate("AUC", False, "0.55 is below 0.6")))
    assert not failed.blessed
    assert not replace(run_summary, gates=()).blessed


@pytest.mark.parametrize(("kept", "quarantined", "left_out"), [(8, 1, 0), (8, 1, 2), (7, 0, 2), (11, 0, 0)])
def test_a_lost_row_is_an_error(kept: int, quarantined: int, left_out: int) -> None:
    with pytest.raises(ValueError) as error:
        TableCount("events", 10, kept, {"missing user_id": quarantined}, {"duplicate event": left_out})
    counts = f"{kept} kept, {quarantined} in quarantine, {left_out} left out"
    assert str(error.value) == f"events: 10 rows read, {counts} do not add up"


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
