from dataclasses import replace
from io import StringIO

from rich.console import Console

from tfx_pipeline.console import print_summary
from tfx_pipeline.run_summary import Gate, RunSummary


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
    assert ["events", "1,469,307", "1,460,438", "8,869", "quantity is not positive: 8,869"] in rows
    assert ["Validate (cached)", "0.1 s"] in rows
    assert ["all", "2 min 17 s"] in rows
    assert ["shoprank", "0.8125", "0.7625", "0.7125", "0.6625", "0.6125", "0.5625"] in rows
    assert ["most popular", "0.5375", "0.4875", "0.4375", "0.3875", "0.3375", "0.2875"] in rows
    assert "Metrics, test window, new items only, 1,984 users" in text
    assert ["lift over most popular", "passed", "NDCG@10 .7125 is above .5125"] in rows
    for place in ("runs/report.html", "runs/logs", "runs/serving/shoprank/1767323040 (version 1767323040)", "3.21 GB"):
        assert place in text


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
