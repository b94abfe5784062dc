"""The charts: what is drawn, in which colours, and how it is told in words."""

import re
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from tfx_pipeline.evaluation.probabilities import ReliabilityBin
from tfx_pipeline.report.charts.curves import curves
from tfx_pipeline.report.charts.dot_intervals import Estimate, dot_intervals
from tfx_pipeline.report.charts.inline_svg import inline_svg
from tfx_pipeline.report.charts.labelled_scatter import NamedPoint, labelled_scatter
from tfx_pipeline.report.charts.reliability_diagram import reliability_diagram
from tfx_pipeline.report.charts.search_scores import TrialScore, search_scores


def texts(chart: Markup) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(chart).iter("text")]


def label_of(chart: Markup) -> str:
    return ElementTree.fromstring(chart).attrib["aria-label"]


def test_inline_svg_is_one_labelled_image_without_names_of_spaces() -> None:
    document = (
        '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="10" height="10" class="marks">'
        '<g role="graphics-symbol" aria-roledescription="x"><path d="M1.23456,2" class="a"/><path d=""/></g>'
        '<text opacity="0">hidden</text><text>a &lt; b</text></svg>'
    )
    assert inline_svg(document, 'two "words" <b>') == (
        '<svg width="10" height="10" class="chart" role="img" aria-label="two &quot;words&quot; &lt;b&gt;">'
        '<g><path d="M1.23,2" /></g><text>a &lt; b</text></svg>'
    )


def test_estimates_have_a_row_each_in_the_order_given_and_the_colour_of_their_role() -> None:
    chart = dot_intervals(
        [
            Estimate("ours <b>", 0.42, (0.4, 0.44)),
            Estimate("last", 0.41, None, "blessed"),
            Estimate("baseline", 0.2, (0.19, 0.21), "other"),
        ],
        "NDCG@10",
        "all items",
    )
    assert [text for text in texts(chart) if text in ("ours <b>", "last", "baseline")] == [
        "ours <b>",
        "last",
        "baseline",
    ]
    dots = re.findall(r'<path transform="translate\(([\d.]+),([\d.]+)\)" d="[^"]+" fill="(var\(--\w+\))"', chart)
    assert [colour for *_, colour in dots] == ["var(--accent)", "var(--second)", "var(--muted)"]
    across, down = [float(x) for x, *_ in dots], [float(y) for _, y, _ in dots]
    assert across == sorted(across, reverse=True) and down == sorted(down)
    told = "NDCG@10, all items: ours <b> 0.4200 (0.4000 to 0.4400); last 0.4100; baseline 0.2000 (0.1900 to 0.2100)"
    assert label_of(chart) == told


def test_curves_of_many_epochs_name_only_some_of_them() -> None:
    chart = curves({"training": [1.0 / step for step in range(1, 61)]}, "loss", "towers")
    epochs = [int(text) for text in texts(chart) if text.isdigit()]
    assert epochs[0] == 1 and 2 <= len([epoch for epoch in epochs if epoch >= 1]) <= 14
    assert label_of(chart) == "loss of towers: training 1 after the first epoch, 0.01667 after the last of 60"


def test_a_reliability_diagram_is_square_and_ends_behind_its_largest_value() -> None:
    bins = [ReliabilityBin(10, 0.1, 0.12, 0.05, 0.2), ReliabilityBin(10, 0.9, 0.95, 0.9, 0.99)]
    chart = reliability_diagram(bins, "click")
    assert label_of(chart) == (
        "Reliability diagram of click: predicted 0.1000, observed 0.1200; predicted 0.9000, observed 0.9500"
    )
    assert {"predicted probability", "observed share", "1.0"} <= set(texts(chart))


@pytest.mark.parametrize(("lowest", "title"), [(0.001, "Coverage@10 (logarithmic)"), (0.02, "Coverage@10")])
def test_wide_ranges_get_a_logarithmic_axis(lowest: float, title: str) -> None:
    points = [NamedPoint("a", lowest, 0.1, "other"), NamedPoint("b", 0.1, 0.4, "own")]
    chart = labelled_scatter(points, "Coverage@10", "NDCG@10")
    assert title in texts(chart) and {"a", "b"} <= set(texts(chart))


def test_points_at_one_place_or_at_zero_are_drawn() -> None:
    points = [NamedPoint(name, 0.0, 0.1, "other") for name in ("a", "b")]
    chart = labelled_scatter(points, "Coverage@10", "NDCG@10")
    assert label_of(chart) == "Coverage@10 and NDCG@10: a 0, 0.1000; b 0, 0.1000"


def test_trials_have_the_colour_of_their_role_and_a_line_along_the_best_so_far() -> None:
    scores = [TrialScore(0, 0.1, "blessed"), TrialScore(1, 0.3, "own"), TrialScore(2, 0.2, "other")]
    chart = search_scores(scores, "NDCG@10", "towers")
    assert label_of(chart) == "NDCG@10 of the towers: trial 0 0.1000; trial 1 0.3000; trial 2 0.2000"
    dots = re.findall(r'<path transform="translate\(([\d.]+),([\d.]+)\)" d="[^"]+" fill="(var\(--\w+\))"', chart)
    assert [colour for *_, colour in dots] == ["var(--second)", "var(--accent)", "var(--muted)"]
    down = [float(y) for _, y, _ in dots]
    assert down[0] > down[2] > down[1]
    assert {"0", "1", "2", "trial", "NDCG@10"} <= set(texts(chart))


def test_a_search_of_many_trials_names_only_some_of_them() -> None:
    chart = search_scores(
        [TrialScore(number, 0.1 + number / 1000, "other") for number in range(40)], "NDCG@10", "ranker"
    )
    assert [text for text in texts(chart) if text.isdecimal()] == [str(number) for number in range(0, 40, 4)]
