"""The page as a whole: its form, its sections, and what a run with missing parts looks like."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tfx_pipeline.report.outline import Outline
from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.report import write_report
from tfx_pipeline.report.sections import SECTIONS
from tfx_pipeline.run_details import Versions
from tfx_pipeline.run_summary import Gate, RunSummary

LARGEST = 1_000_000


def page_of(run: RunSummary, folder: Path) -> str:
    write_report(run, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def without_slices(run: RunSummary) -> RunSummary:
    windows = tuple(replace(window, slices=(), gaps=(), tests=(), last_blessed=None) for window in run.windows)
    return replace(run, windows=windows)


def test_the_page_appears_whole_in_a_folder_of_its_own(run_summary: RunSummary, tmp_path: Path) -> None:
    page_of(run_summary, tmp_path / "run")
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["report.html"]


def test_the_page_is_well_formed_small_and_self_contained(full_page: str) -> None:
    outline = Outline(full_page)
    assert outline.open == []
    assert full_page.startswith("<!DOCTYPE html>")
    assert not {"script", "link", "img", "iframe", "object", "embed"} & outline.elements
    assert outline.links and all(link.startswith("#") for link in outline.links)
    assert not re.search(r"https?://|@import|url\(", full_page)
    assert len(full_page.encode()) < LARGEST


def test_labels_and_links_point_at_something_and_ids_are_unique(full_page: str) -> None:
    outline = Outline(full_page)
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.references) <= set(outline.ids)
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)
    assert '<html lang="en">' in full_page and "<main>" in full_page and full_page.count("<h1>") == 1


def test_a_full_run_has_every_section_in_order_and_in_the_contents(full_page: str) -> None:
    outline = Outline(full_page)
    ids = [section.id for section in SECTIONS]
    assert list(outline.sections) == ids
    assert outline.links == [f"#{section_id}" for section_id in ids]
    assert all(text.strip() for text in outline.sections.values())


def test_text_of_the_shop_is_never_markup(full_page: str) -> None:
    assert "<script" not in full_page and "<b>" not in full_page and "<i>" not in full_page
    assert "<shop>" not in full_page and "<wine>" not in full_page
    assert full_page.count("</style>") == 1
    assert "&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34; &lt;b&gt;" in full_page


def test_every_chart_tells_its_numbers_and_takes_its_colours_from_the_page(full_page: str) -> None:
    labels = Outline(full_page).labels
    assert len(labels) == full_page.count("<svg")
    assert "NDCG@10, all items, test window: shoprank 0.4200 (0.4074 to 0.4326); shoprank 1767000000" in "".join(labels)
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', full_page))
    assert {colour for colour in colours if not colour.startswith("var(--")} <= {"none", "transparent"}
    defined = set(re.findall(r"(--[a-z-]+):", full_page))
    assert set(re.findall(r"var\((--[a-z-]+)\)", full_page)) <= defined


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        ({"metrics", "slices", "fairness", "trade-off", "model-card"}, {"windows": ()}),
        ({"calibration", "examples", "gates", "versions"}, dict(ranker=(), examples=(), gates=(), versions=Versions())),
        ({"exploration", "training", "answers", "search"}, dict(exploration=(), training=(), answers=(), searches=())),
        (
            {"leakage", "drift", "stages", "off-policy", "tuning"},
            {"data": DataSummary(), "stages": (), "off_policy": None, "tuning": ()},
        ),
    ],
)
def test_a_missing_part_leaves_no_hole(
    short_run: RunSummary, tmp_path: Path, missing: set[str], changes: dict[str, object]
) -> None:
    outline = Outline(page_of(replace(short_run, **changes), tmp_path))  # type: ignore[arg-type]
    expected = [section.id for section in SECTIONS if section.id not in missing]
    assert list(outline.sections) == expected
    assert outline.links == [f"#{section_id}" for section_id in expected]
    assert all(text.strip() for text in outline.sections.values())
    assert "None" not in " ".join(outline.text)


def test_a_run_without_slices_says_so_on_its_card(short_run: RunSummary, tmp_path: Path) -> None:
    sections = Outline(page_of(without_slices(short_run), tmp_path)).sections
    assert not {"slices", "fairness"} & set(sections)
    assert "The metrics were not divided into slices" in sections["model-card"]
    assert "No gap between groups was measured" in sections["model-card"]
    assert "last blessed" not in sections["metrics"] and "Differences" not in sections["metrics"]


def test_one_objective_has_one_diagram(short_run: RunSummary, tmp_path: Path) -> None:
    outline = Outline(page_of(replace(short_run, ranker=short_run.ranker[:1]), tmp_path))
    assert [label for label in outline.labels if label.startswith("Reliability")] == [
        label for label in outline.labels if label.startswith("Reliability diagram of purchase: predicted 0.0100")
    ]
    assert "Its ranker predicts: purchase." in outline.sections["model-card"]


def test_the_smallest_run_reads_well(run_summary: RunSummary, tmp_path: Path) -> None:
    """The metrics of an older run: no interval, no test, nothing beside them."""
    page = page_of(run_summary, tmp_path)
    outline = Outline(page)
    assert outline.open == []
    assert list(outline.sections) == ["gates", "metrics", "answers", "data", "stages", "model-card", "where"]
    assert "± 0.0075" in page
    assert "not scored" in outline.sections["model-card"]


def test_a_failed_gate_says_so(run_summary: RunSummary, tmp_path: Path) -> None:
    failed = Gate("ranker AUC", False, "0.55 is below 0.6")
    run = replace(run_summary, gates=(*run_summary.gates, failed), model_version=None, model_path=None)
    page = page_of(run, tmp_path)
    assert ["ranker AUC", "failed", "0.55 is below 0.6"] in Outline(page).rows
    assert "A gate failed: what was served before stays." in page


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"windows": (), "gates": ()}, "The run ended before its evaluation"),
        ({"gates": ()}, "No gate was reached"),
        ({}, "The push did not happen"),
    ],
)
def test_the_verdict_names_where_a_run_ended(
    run_summary: RunSummary, tmp_path: Path, changes: dict[str, object], verdict: str
) -> None:
    run = replace(run_summary, model_version=None, model_path=None, **changes)  # type: ignore[arg-type]
    page = page_of(run, tmp_path)
    assert f"{verdict}: what was served before stays." in page
    assert "<dt>Model</dt><dd>not pushed</dd>" in page


def test_a_run_that_stopped_early_has_a_report(run_summary: RunSummary, tmp_path: Path) -> None:
    run = replace(run_summary, windows=(), gates=(), answers=(), stages=(), figures=(), tables=())
    outline = Outline(page_of(run, tmp_path))
    assert outline.open == [] and list(outline.sections) == ["where"]


def test_a_report_that_cannot_be_made_leaves_the_old_one(run_summary: RunSummary, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with pytest.raises(TypeError, match="not iterable"):
        write_report(replace(run_summary, tables=None), path)  # type: ignore[arg-type]
    assert path.read_text() == "before"
