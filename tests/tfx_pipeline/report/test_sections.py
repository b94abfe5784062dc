"""What single sections show of a run."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tfx_pipeline.report.outline import Outline
from tfx_pipeline.report import write_report
from tfx_pipeline.run_summary import RunSummary, TableCount


@pytest.fixture
def outline(full_page: str) -> Outline:
    return Outline(full_page)


@pytest.fixture
def plain_page(run_summary: RunSummary, tmp_path: Path) -> str:
    write_report(run_summary, tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_all_and_new_stand_side_by_side_with_the_best_in_bold(plain_page: str) -> None:
    evaluation = Outline(plain_page).tables[1]
    assert [text for text, _ in evaluation[0]] == ["Model", "All items ", "New items only "]
    assert [text for text, _ in evaluation[1]][:3] == ["HR@10", "Recall@10", "NDCG@10"]
    half = len(evaluation[1]) // 2
    ours, popular = evaluation[2], evaluation[3]
    assert ours[0] == ("shoprank this run", False) and popular[0] == ("most popular", False)
    assert (ours[1], popular[1]) == (("0.8125", True), ("0.6125", False))
    assert (ours[1 + half], popular[1 + half]) == (("0.5125", False), ("0.5375", True))
    assert "<small>2,012 users</small>" in plain_page and "<small>1,984 users</small>" in plain_page


def test_the_last_blessed_model_and_the_intervals_are_shown(full_page: str, outline: Outline) -> None:
    assert ["shoprank 1767000000 last blessed", "0.8200", "0.3690", "0.4100", "0.5330"] in [r[:5] for r in outline.rows]
    assert "0.4200</strong><small>0.4074–0.4326</small>" in full_page


def test_more_is_not_always_better_so_only_some_metrics_have_a_best(full_page: str, outline: Outline) -> None:
    bold = {row[0][0] for table in outline.tables for row in table if any(is_bold for _, is_bold in row)}
    assert {"HR@10", "MAP@20", "F1@10"} <= bold
    assert not {"Gini@10", "PopularityLift@10", "Coverage@20"} & bold


def test_paired_tests_are_shown_with_their_p_value(outline: Outline) -> None:
    assert ["shoprank", "most popular", "all", "NDCG@10", "+0.2500", "< 0.001", "2,012"] in outline.rows


def test_slices_are_grouped_and_small_ones_marked(full_page: str, outline: Outline) -> None:
    assert [row[0] for row in outline.rows if row[0].endswith("too small")][:2] == ["more than 50 too small"] * 2
    assert ["cold", "all", "600", "2,400", "0.5000", "0.5000", "0.5000"] in outline.rows
    assert re.findall(r"<h4>By (.*?)</h4>", full_page) == ["user activity", "category"]


def test_gaps_have_a_verdict_where_there_is_a_gate(outline: Outline) -> None:
    quality = ["category", "quality", "NDCG@10", "shoprank", "dairy", "garden", "0.3000", "0.2500", "failed"]
    assert quality in outline.rows
    assert ["country", "exposure", "share", "shoprank", "DE", "AT", "0.1000", "–", "no gate"] in outline.rows


def test_probabilities_are_scored_objective_by_objective(full_page: str, outline: Outline) -> None:
    assert ["purchase", "9,000", "1,400", "0.8565", "0.3100", "0.0120", "–"] in outline.rows
    assert ["900", "0.0100", "0.0110"] in outline.rows
    assert "Reliability diagram of click: predicted 0.0100, observed 0.0110" in full_page


def test_coverage_stands_beside_accuracy(outline: Outline) -> None:
    label = next(
        label for label in outline.labels if label.startswith("Coverage@10 and NDCG@10: shoprank 0.08, 0.4200")
    )
    assert "most popular 0.0002, 0.1700" in label
    assert ["most popular", "0.0002", "0.1700"] in outline.rows


def test_training_has_a_chart_a_metric_and_numbers(outline: Outline) -> None:
    labels = [label for label in outline.labels if " of towers: " in label or " of ranker: " in label]
    loss = "loss of towers: training 5.1 after the first epoch, 3.9 after the last of 3; validation 5 after"
    assert len(labels) == 2 and labels[0].startswith(loss) and labels[1].startswith("recall of towers: training 0.1")
    assert ["3", "3.9000", "4.3000", "0.2500"] in outline.rows
    assert ["1", "0.4000"] in outline.rows


def test_a_search_tells_its_trials_and_its_gain(full_page: str, outline: Outline) -> None:
    text = " ".join(outline.sections["tuning"].split())
    assert "3 trials (random) in 3 min 04 s; the time of its budget was up. NDCG@10 is that of 1,230 users of" in text
    assert "Trial 1 was taken: 0.1250, +0.0150 over the configured values." in text
    assert "No trial was better than the configured values." in text
    assert ["0 configured", "0.002", "[8, 4]", "true", "0.1100", "0.0000", "1 min 02 s"] in outline.rows
    assert ["1 taken", "0.01", "[16, 4]", "true", "0.1250", "+0.0150", "1 min 02 s"] in outline.rows
    assert ["2", "0.5", "[24, 4]", "true", "failed: MemoryError: too <large>", "–", "1 min 02 s"] in outline.rows
    assert "<pre>retrieval:\n  learning_rate: 0.01\n  hidden: [16, 4]\n  flag: true</pre>" in full_page
    assert [label for label in outline.labels if label.startswith("NDCG@10 of the ")] == [
        f"NDCG@10 of the {model}: trial 0 0.1100; trial 1 0.1250" for model in ("towers", "ranker")
    ]


def test_searches_stand_beside_bm25(outline: Outline) -> None:
    text = outline.sections["search"]
    assert "Test window, 1,200 known items" in text and "they are no user queries" in " ".join(text.split())
    assert ["Model", "MRR@10", "HR@10", "Recall@10", "NDCG@10"] in outline.rows
    assert [row[1] for row in outline.rows if row[0] == "BM25"] == ["0.2210"]


def test_exploration_promises_no_estimate_without_a_log(outline: Outline) -> None:
    assert ["thompson default", "50", "500", "31.0 %", "", "0.6200", "4.0 %"] in outline.rows
    assert "and never made up" in outline.sections["exploration"]


def test_off_policy_estimates_stand_with_their_support_and_a_verdict(outline: Outline) -> None:
    text = " ".join(outline.sections["off-policy"].split())
    assert "1,200 logged slates" in text and "Better. 95% interval of the difference" in text
    assert ["DR verdict", "0.0310", "0.0290 to 0.0330", "0.0100 to 0.0600", "640", "1.02", "7.5"] in outline.rows
    assert ["SNIPS", "0.0305", "", "", "640", "1.02", "7.5"] in outline.rows


def test_example_users_have_their_hits_marked(outline: Outline) -> None:
    assert ["1", "FLUID MILK WHITE ONLY", "0.7700", "history", "✓ taken"] in outline.rows
    assert ["FLUID MILK WHITE ONLY", "purchase", "today"] in outline.rows
    assert ["(no title)", "view", ""] in outline.rows
    assert "the user took 14 different items, 1 of the 2 shown here among them." in outline.sections["examples"]


def test_answers_are_shown_in_full(outline: Outline) -> None:
    assert ["1", "Ham & <b>cheese</b> [red]", "i<1>", "0.9123", "0.7500", "history"] in outline.rows
    assert ["2", "(no title)", "i2", "0.5000", "–", "popular"] in outline.rows
    assert ["no item"] in outline.rows


def test_rows_reasons_and_times_are_shown(full_page: str, outline: Outline) -> None:
    assert ["events", "1,469,307", "1,460,438", "8,869quantity is not positive: 8,869", "0"] in outline.rows
    assert ["items", "92,331", "92,331", "0", "0"] in outline.rows
    assert ["Transform", "2 min 05 s", ""] in outline.rows
    assert "(cached)" in full_page and "3.21 GB" in full_page
    assert "runs/serving/shoprank/1767323040" in full_page


def test_every_check_of_the_data_is_told_in_words(full_page: str, outline: Outline) -> None:
    assert ["order", "times do not decrease", "12,345", "0", "passed"] in outline.rows
    assert ["own basket", "none", "99", "2", "failed"] in outline.rows
    above = outline.rows.index(["event_<b>", "skew", "Jensen-Shannon divergence", "0.7500", "", "0.5", "above"])
    assert outline.rows[above + 1] == ["event_type", "drift", "L-infinity", "0.0123", "", "0.3", "passed"]
    missing = ["price", "drift", "Jensen-Shannon divergence", "not measured: no values before"]
    assert outline.rows[above + 2] == missing
    assert "<li>A note &lt;i&gt;here&lt;/i&gt;.</li>" in full_page
    assert "<li>Anomaly that did not stop the run: WARNING, split eval: odd</li>" in full_page
    assert "<code>runs/bad</code>" in full_page


def test_bars_of_distances_have_a_text_and_a_length(full_page: str) -> None:
    assert 'aria-label="0.7500 of 1" class="above" style="width: 75.0%"' in full_page
    assert 'aria-label="0.0123 of 1" style="width: 1.2%"' in full_page


def test_a_row_may_have_several_reasons(run_summary: RunSummary, tmp_path: Path) -> None:
    tables = (TableCount("events", 10, 4, {"missing item_id": 1}, {"duplicate event": 2, "negative quantity": 3}),)
    write_report(replace(run_summary, tables=tables), tmp_path / "report.html")
    rows = Outline((tmp_path / "report.html").read_text(encoding="utf-8")).rows
    assert ["events", "10", "4", "1missing item_id: 1", "5duplicate event: 2negative quantity: 3"] in rows


def test_data_without_times_has_places_and_no_dates(run_summary: RunSummary, tmp_path: Path) -> None:
    windows = (replace(run_summary.windows[0], start=1_200, end=1_500),)
    write_report(replace(run_summary, windows=windows), tmp_path / "report.html")
    sections = Outline((tmp_path / "report.html").read_text(encoding="utf-8")).sections
    assert "Eval window, place 1,200 to place 1,500" in re.sub(r"\s+", " ", sections["metrics"])
    assert "places 1,200 to 1,500 in the order of the events" in sections["model-card"]
    assert "The data has no clock." in sections["model-card"]


def test_dates_of_windows_are_marked_as_times(plain_page: str) -> None:
    heading = re.findall(r"<h3>(Eval window.*?)</h3>", plain_page, re.DOTALL)[0]
    assert re.findall(r'<time datetime="[^"]+">(.*?)</time>', heading) == ["2017-12-04", "2018-01-01"]


def test_the_card_names_what_is_not_shown_to_be_better(outline: Outline) -> None:
    card = outline.sections["model-card"]
    assert "All items, test window: shoprank is not shown to be better than shoprank 1767000000 by NDCG@10." in card
    assert "8 of 32 slices have too few users" in card
    assert "the quality gap by category is larger than allowed, between dairy and garden" in card
    assert "The leakage audit found violations: own basket." in card
    assert "Above their threshold: skew of event_<b>." in card


def test_the_card_of_a_shop_without_texts_says_so(short_run: RunSummary, tmp_path: Path) -> None:
    bare = tuple(replace(answer, title="") for answer in short_run.answers[0].answers)
    run = replace(short_run, answers=(replace(short_run.answers[0], answers=bare),), examples=())
    write_report(run, tmp_path / "report.html")
    card = Outline((tmp_path / "report.html").read_text(encoding="utf-8")).sections["model-card"]
    assert "None of the items shown in this report has a title" in card


def test_versions_hashes_and_the_seed_are_listed(full_page: str) -> None:
    assert "<dt>Seed</dt><dd>7</dd>" in full_page
    assert f"<dt>Code</dt><dd><code>{'9f' * 20}</code></dd>" in full_page
    assert "<dt>tensorflow</dt><dd>2.16.2</dd>" in full_page


def test_the_header_names_the_best_other_model(full_page: str) -> None:
    assert (
        "<dt>NDCG@10, all items, test</dt><dd>0.4200<small>best other: shoprank 1767000000 0.4100</small>" in full_page
    )
