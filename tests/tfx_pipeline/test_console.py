from dataclasses import replace
from io import StringIO

from rich.console import Console

from tfx_pipeline.console import print_summary
from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.distribution_comparison import Comparison, Distance, NotMeasured
from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.run_summary import Gate, RunSummary, TableCount


def printed(run: RunSummary, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, color_system=None)
    print_summary(run, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│┃").split("│")] for line in text.splitlines() if "│" in line]


def test_everything_is_printed(run_summary: RunSummary) -> None:
    text = printed(run_summary)
    rows = cells(text)
    assert ["events", "1,469,307", "1,460,438", "8,869", "0"] in rows
    assert ["", "", "", "quantity is not positive: 8,869", ""] in rows
    assert ["Validate (cached)", "0.1 s"] in rows
    assert ["all", "2 min 17 s"] in rows
    assert ["shoprank", "0.8125", "0.7625", "0.7125", "0.4625", "0.4125", "0.3625"] in rows
    assert ["most popular", "0.5375", "0.4875", "0.4375", "0.1875", "0.1375", "0.0875"] in rows
    assert "Metrics, test window, new items only, 1,984 users" in text
    assert ["lift over most popular", "passed", "NDCG@10 .7125 is above .5125"] in rows
    for place in ("runs/report.html", "runs/logs", "runs/serving/shoprank/1767323040 (version 1767323040)", "3.21 GB"):
        assert place in text


def test_bad_rows_and_rows_that_a_rule_leaves_out_have_their_reasons(run_summary: RunSummary) -> None:
    bad, left_out = {"missing item_id": 3, "not a number [x]": 1}, {"duplicate event": 1_234}
    tables = (TableCount("events", 1_241, 3, bad, left_out),)
    rows = cells(printed(replace(run_summary, tables=tables)))
    start = rows.index(["events", "1,241", "3", "4", "1,234"])
    assert rows[start + 1] == ["", "", "", "missing item_id: 3", "duplicate event: 1,234"]
    assert rows[start + 2] == ["", "", "", "not a number [x]: 1", ""]


def test_checks_of_the_data_are_printed_with_what_failed_first(run_summary: RunSummary) -> None:
    distances = (
        Distance("drift", "event_type", "L-infinity", 0.01234, 0.3, False, 100, 120),
        Distance("skew", "event_[red]", "Jensen-Shannon divergence", 0.75, 0.5, True, 100, 120),
    )
    missing = NotMeasured("drift", "price", "Jensen-Shannon divergence", "no values before")
    audit = (CheckResult("order", "times do not decrease", 12_345, 0, ""), CheckResult("own basket", "none", 99, 2, ""))
    data = DataSummary(("A note [bold]here[/bold].",), audit, Comparison(distances, (missing,)), (), "runs/quarantine")
    text = printed(replace(run_summary, data=data), width=160)
    rows = cells(text)
    start = rows.index(["leakage: order", "0 of 12,345", "0", "passed"])
    assert rows[start + 1 : start + 5] == [
        ["leakage: own basket", "2 of 99", "0", "failed"],
        ["skew of event_[red], Jensen-Shannon divergence", "0.7500", "0.5", "above"],
        ["drift of event_type, L-infinity", "0.0123", "0.3", "passed"],
        ["drift of price, Jensen-Shannon divergence", "–", "–", "not measured: no values before"],
    ]
    assert "A note [bold]here[/bold]." in text.splitlines()
    assert "TensorFlow Data Validation found no anomaly in the examples." in text.splitlines()
    assert "runs/quarantine" in text


def test_without_checks_no_table_of_them_is_printed(run_summary: RunSummary) -> None:
    text = printed(run_summary)
    assert "Data checks" not in text
    assert not any(line.startswith("quarantine") for line in text.splitlines())


def test_titles_are_text_never_markup(run_summary: RunSummary) -> None:
    rows = cells(printed(run_summary))
    assert ["Ham & <b>cheese</b> [red]", "i<1>", "0.9123", "0.7500", "history"] in rows
    assert ["–", "i2", "0.5000", "–", "popular"] in rows


def test_best_is_bold(run_summary: RunSummary) -> None:
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system="standard")
    print_summary(run_summary, console)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "\x1b[1;32m0.8125\x1b[0m" in text
    assert "\x1b[1;32m0.5125\x1b[0m" not in text


def test_numbers_stay_whole_on_a_narrow_terminal(run_summary: RunSummary) -> None:
    text = printed(run_summary, width=80)
    assert all(number in text for number in ("0.8125", "0.5625", "1,469,307"))
    assert max(map(len, text.splitlines())) <= 80


def test_a_failed_gate(run_summary: RunSummary) -> None:
    gates = (Gate("ranker AUC", False, "0.55 is below 0.6"),)
    text = printed(replace(run_summary, gates=gates, model_version=None, model_path=None))
    assert ["ranker AUC", "failed", "0.55 is below 0.6"] in cells(text)
    assert "not pushed" in text
