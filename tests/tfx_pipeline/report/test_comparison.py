"""The comparison of two runs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tfx_pipeline.report.outline import Outline
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.report.comparison import write_comparison
from tfx_pipeline.report.comparison_sections.metrics import MetricPair
from tfx_pipeline.run_details import Versions
from tfx_pipeline.run_summary import Gate, RunSummary, StageTime, TableCount, WindowMetrics


def worse(row: EvaluationRow) -> EvaluationRow:
    metrics = {name: None if value is None else value / 2 for name, value in row.metrics.items()}
    intervals = {name: None if ends is None else (ends[0] / 2, ends[1] / 2) for name, ends in row.intervals.items()}
    return replace(row, model="shoprank" if row.model != "shoprank" else "newer", metrics=metrics, intervals=intervals)


def second_window(window: WindowMetrics) -> WindowMetrics:
    rows = [worse(row) if row.model == "shoprank" else row for row in window.table.rows]
    return replace(window, table=EvaluationTable(window.table.cutoffs, tuple(rows)))


@pytest.fixture
def second_run(short_run: RunSummary) -> RunSummary:
    """Another name of the own model, half as good; other gates, rows, stages, and one other version."""
    return replace(
        short_run,
        title="Another <shop>",
        windows=tuple(map(second_window, short_run.windows)),
        gates=(short_run.gates[0], Gate("new gate", False, "0.1 is below 0.2")),
        tables=(TableCount("events", 1_469_300, 1_469_300, {}),),
        stages=(StageTime("Ingest", 20.0), StageTime("Rank", 1.0)),
        versions=replace(short_run.versions, packages={"tensorflow": "2.21.0", "tfx": "1.16.0"}),
        model_version=None,
        model_path=None,
    )


def page_of(first: RunSummary, second: RunSummary, folder: Path) -> str:
    write_comparison(first, second, folder / "comparison.html")
    return (folder / "comparison.html").read_text(encoding="utf-8")


def test_both_runs_stand_side_by_side(short_run: RunSummary, second_run: RunSummary, tmp_path: Path) -> None:
    page = page_of(short_run, second_run, tmp_path)
    outline = Outline(page)
    assert outline.open == [] and len(set(outline.ids)) == len(outline.ids)
    assert list(outline.sections) == ["metrics", "gates", "rows", "stages", "versions"]
    assert not re.search(r"https?://|@import|url\(|<script|<shop>", page)
    assert ["NDCG@10", "shoprank / newer", "all items", "0.4200", "0.2100", "-0.2100", "apart"] in outline.rows
    assert ["NDCG@20", "most popular", "all items", "0.1700", "0.1700", "0.0000", "overlap"] in outline.rows
    assert ["lift over most popular", *["passed NDCG@10 .7125 is above .5125"] * 2] in outline.rows
    assert ["new gate", "no such gate", "failed 0.1 is below 0.2"] in outline.rows
    assert ["events, read", "1,469,307", "1,469,300", "-7"] in outline.rows
    assert ["items, read", "92,331", "–", "–"] in outline.rows
    assert ["Ingest", "12.3 s", "20.0 s"] in outline.rows and ["Rank", "–", "1.0 s"] in outline.rows
    assert ["tensorflow", "2.16.2", "2.21.0"] in outline.rows
    assert "tfx" not in outline.sections["versions"]
    assert any(label.startswith("NDCG@10, all items, eval window: first run 0.4200") for label in outline.labels)


def test_other_users_are_told_apart(short_run: RunSummary, second_run: RunSummary, tmp_path: Path) -> None:
    assert "Not the same users." not in page_of(short_run, second_run, tmp_path)
    moved = replace(second_run, windows=(replace(second_run.windows[0], end=short_run.started),))
    outline = Outline(page_of(short_run, moved, tmp_path))
    assert outline.sections["metrics"].count("Not the same users.") == 1
    assert "to 2026-01-02" in outline.sections["metrics"]


def test_runs_with_little_in_common_have_a_short_page(run_summary: RunSummary, tmp_path: Path) -> None:
    bare = replace(run_summary, windows=(), gates=(), tables=(), stages=())
    outline = Outline(page_of(bare, bare, tmp_path))
    assert outline.open == [] and list(outline.sections) == []


def test_equal_versions_are_said_to_be_equal(short_run: RunSummary, tmp_path: Path) -> None:
    assert "None: both runs were made of the same." in page_of(short_run, short_run, tmp_path)
    unknown = replace(short_run, versions=Versions())
    assert "versions" not in Outline(page_of(short_run, unknown, tmp_path)).sections


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ((0.1, 0.2), (0.2, 0.3), True),
        ((0.1, 0.2), (0.21, 0.3), False),
        ((0.4, 0.5), (0.1, 0.3), False),
        (None, (0, 1), None),
    ],
)
def test_intervals_overlap_where_they_share_a_value(
    first: tuple[float, float] | None, second: tuple[float, float], overlap: bool | None
) -> None:
    pair = MetricPair("All items", "shoprank", "NDCG@10", (0.1, first), (0.3, second))
    assert pair.intervals_overlap is overlap
    assert pair.difference == pytest.approx(0.2)
