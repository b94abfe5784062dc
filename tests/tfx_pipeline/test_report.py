import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.distribution_comparison import Comparison, Distance, NotMeasured
from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.report import write_report
from tfx_pipeline.run_summary import Gate, RunSummary, TableCount

VOID = {"meta", "br", "col", "hr", "img", "link"}


class Outline(HTMLParser):
    """Tables as lists of rows of (text, is bold), and whether every element is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[list[tuple[str, bool]]]] = []
        self.elements: set[str] = set()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        attributes = dict(attrs)
        self.ids += [attributes["id"] or ""] if "id" in attributes else []
        self.references += [attributes["aria-labelledby"] or ""] if "aria-labelledby" in attributes else []
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append(("", False))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open) and "small" not in self.open:
            text, is_bold = self.tables[-1][-1].pop()
            self.tables[-1][-1].append((text + data, is_bold or "strong" in self.open))


@pytest.fixture
def page(run_summary: RunSummary, tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "run" / "report.html"
    write_report(run_summary, path)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    yield path.read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_self_contained(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert page.startswith("<!DOCTYPE html>")
    assert not {"script", "link", "img", "iframe"} & outline.elements
    assert not re.search(r"https?://|@import|url\(", page)


def test_labels_point_at_something_and_ids_are_unique(page: str) -> None:
    outline = Outline(page)
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.references) <= set(outline.ids)
    assert '<html lang="en">' in page and "<main>" in page and page.count("<h1>") == 1


def test_all_and_new_stand_side_by_side_with_the_best_in_bold(page: str) -> None:
    evaluation, test = Outline(page).tables[:2]
    assert evaluation == test
    assert [text for text, _ in evaluation[0]] == ["Model", "All items ", "New items only "]
    assert len(evaluation[1]) == 12
    assert page.count("<small>2,012 users</small>") == page.count("<small>1,984 users</small>") == 2
    ours, popular = evaluation[2], evaluation[3]
    assert ours[0] == ("shoprank", False) and popular[0] == ("most popular", False)
    assert (ours[1], popular[1]) == (("0.8125", True), ("0.6125", False))
    assert (ours[7], popular[7]) == (("0.5125", False), ("0.5375", True))
    assert "± 0.0075" in page


def test_rows_reasons_and_times_are_shown(page: str) -> None:
    tables = Outline(page).tables
    rows = [[text for text, _ in row] for table in tables for row in table]
    assert ["events", "1,469,307", "1,460,438", "8,869quantity is not positive: 8,869", "0"] in rows
    assert ["items", "92,331", "92,331", "0", "0"] in rows
    assert ["Transform", "2 min 05 s", ""] in rows
    assert "(cached)" in page
    assert "3.21 GB" in page
    assert "runs/serving/shoprank/1767323040" in page


@pytest.fixture
def checked_page(run_summary: RunSummary, tmp_path: Path) -> str:
    """The page of a run whose data has all that can be shown of data."""
    distances = (
        Distance("drift", "event_type", "L-infinity", 0.01234, 0.3, False, 100, 120),
        Distance("skew", "event_<b>", "Jensen-Shannon divergence", 0.75, 0.5, True, 100, 120),
    )
    missing = NotMeasured("drift", "price", "Jensen-Shannon divergence", "no values before")
    audit = (CheckResult("order", "times do not decrease", 12_345, 0, ""), CheckResult("own basket", "none", 99, 2, ""))
    data = DataSummary(
        ("A note <i>here</i>.",), audit, Comparison(distances, (missing,)), ("WARNING, split eval: odd",), "runs/bad"
    )
    tables = (TableCount("events", 10, 4, {"missing item_id": 1}, {"duplicate event": 2, "negative quantity": 3}),)
    windows = (replace(run_summary.windows[0], start=1_200, end=1_500),)
    write_report(replace(run_summary, tables=tables, windows=windows, data=data), tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_data_section_shows_every_check_in_words(checked_page: str) -> None:
    outline = Outline(checked_page)
    assert outline.open == [] and set(outline.references) <= set(outline.ids)
    rows = [[text.strip() for text, _ in row] for table in outline.tables for row in table]
    assert ["events", "10", "4", "1missing item_id: 1", "5duplicate event: 2negative quantity: 3"] in rows
    assert ["order", "times do not decrease", "12,345", "0", "passed"] in rows
    assert ["own basket", "none", "99", "2", "failed"] in rows
    above = rows.index(["event_<b>", "skew", "Jensen-Shannon divergence", "0.7500", "", "0.5", "above"])
    assert rows[above + 1] == ["event_type", "drift", "L-infinity", "0.0123", "", "0.3", "passed"]
    assert rows[above + 2] == ["price", "drift", "Jensen-Shannon divergence", "not measured: no values before"]
    assert "<li>A note &lt;i&gt;here&lt;/i&gt;.</li>" in checked_page
    assert "<li>Anomaly that did not stop the run: WARNING, split eval: odd</li>" in checked_page
    assert "<code>runs/bad</code>" in checked_page


def test_bars_of_distances_have_a_text_and_a_length(checked_page: str) -> None:
    assert 'aria-label="0.7500 of 1" class="above" style="width: 75.0%"' in checked_page
    assert 'aria-label="0.0123 of 1" style="width: 1.2%"' in checked_page


def test_a_window_of_data_without_times_has_places_and_no_dates(checked_page: str, page: str) -> None:
    caption = re.compile(r"<caption>Eval window, (.*?)</caption>", re.DOTALL)
    (places,), (dates, *_) = caption.findall(checked_page), caption.findall(page)
    assert places.split() == ["place", "1,200", "to", "place", "1,500"]
    assert re.findall(r'<time datetime="[^"]+">(.*?)</time>', dates) == ["2017-12-04", "2018-01-01"]


def test_without_checks_the_data_section_has_the_rows_alone(page: str) -> None:
    section = page.partition('<section aria-labelledby="data">')[2].partition("</section>")[0]
    assert section.count("<table") == 1
    assert "<p>" not in section and "remarks" not in section


def test_answers_are_text_never_markup(page: str) -> None:
    tables = Outline(page).tables
    rows = [[text for text, _ in row] for table in tables for row in table]
    assert ["1", "Ham & <b>cheese</b> [red]", "i<1>", "0.9123", "0.7500", "history"] in rows
    assert ["2", "(no title)", "i2", "0.5000", "–", "popular"] in rows
    assert ["no item"] in rows
    assert "<b>" not in page and "<shop>" not in page and "<wine>" not in page


def test_a_failed_gate_says_so(run_summary: RunSummary, tmp_path: Path) -> None:
    failed = Gate("ranker AUC", False, "0.55 is below 0.6")
    run = replace(run_summary, gates=(*run_summary.gates, failed), model_version=None, model_path=None)
    write_report(run, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    rows = [[text for text, _ in row] for table in Outline(page).tables for row in table]
    assert ["ranker AUC", "failed", "0.55 is below 0.6"] in rows
    assert "A gate failed: what was served before stays." in page


def test_a_run_that_stopped_early_has_a_report(run_summary: RunSummary, tmp_path: Path) -> None:
    run = replace(
        run_summary, windows=(), gates=(), answers=(), stages=(), figures=(), model_version=None, model_path=None
    )
    write_report(run, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert Outline(page).open == []
    assert "The run ended before its evaluation." in page
    assert "No gate was reached: what was served before stays." in page


def test_a_report_that_cannot_be_made_leaves_the_old_one(run_summary: RunSummary, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with pytest.raises(TypeError, match="not iterable"):
        write_report(replace(run_summary, tables=None), path)  # type: ignore[arg-type]
    assert path.read_text() == "before"
