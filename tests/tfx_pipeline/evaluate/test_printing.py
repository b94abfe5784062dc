from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.printing import print_result
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.results import EvaluationResult, ImpressionScore
from tfx_pipeline.evaluation.baselines import BUY_AGAIN, MOST_POPULAR
from tfx_pipeline.number_format import format_metric


def printed(result: EvaluationResult, width: int = 110) -> str:
    output = StringIO()
    print_result(result, Console(file=output, width=width))
    return output.getvalue()


@pytest.fixture(scope="module")
def result(run_dir: Path) -> EvaluationResult:
    return evaluate(EvaluateRequest((BUY_AGAIN, MOST_POPULAR), run_dir, slices=("country",), baselines=False))


def test_everything_has_its_table(result: EvaluationResult) -> None:
    text = printed(result)
    users = {items: result.evaluation.table.users(items) for items in ("all", "new")}  # type: ignore[arg-type]
    assert f"{users['all']} users, 25 items; intervals: 95 %, 50 bootstrap rounds over users" in text
    assert "test window 2020-" in text and "global time split, full catalogue" in text
    assert f"all items, {users['all']} users" in text and f"new items only, {users['new']} users" in text
    for title in ("Further metrics, all items", f"{BUY_AGAIN} against each other model, NDCG@5",
                  f"Asked slices of {BUY_AGAIN}", f"Slices of {BUY_AGAIN}"):  # fmt: skip
        assert title in text
    for model in (BUY_AGAIN, MOST_POPULAR):
        row = result.evaluation.table.row(model, "new")
        low, high = row.intervals["MRR@10"]  # type: ignore[misc]
        assert format_metric(row.metrics["MRR@10"]) in text
        assert f"{low:.4f}–{high:.4f}" in text


def test_names_and_figures_are_whole_on_a_narrow_terminal(result: EvaluationResult) -> None:
    rows = tuple(
        replace(row, model=f"model {number}, {row.model}")
        for number in range(9)
        for row in result.evaluation.table.rows
        if row.model == BUY_AGAIN
    )
    table = replace(result.evaluation.table, rows=rows)
    text = printed(replace(result, evaluation=replace(result.evaluation, table=table)), width=80)
    for metric in table.metrics:
        assert metric in text or not metric.endswith("@5")
    for number in range(9):
        assert f"model {number}," in text


def test_what_nobody_asked_for_leaves_no_hole(result: EvaluationResult) -> None:
    bare = replace(result, gaps=(), asked=(), rounds=0, evaluation=replace(result.evaluation, tests=(), slices=()))
    text = printed(bare)
    assert "no intervals" in text
    assert "Slices" not in text and "against" not in text and "impressions" not in text and "Note" not in text


def test_notes_and_names_are_text_and_no_markup(result: EvaluationResult) -> None:
    text = printed(replace(result, notes=("[b]file[/b]: 2 users",)))
    assert "Note: [b]file[/b]: 2 users" in text


def test_impressions(result: EvaluationResult) -> None:
    score = ImpressionScore("ours", {"CTR@5": 0.25, "CVR@5": None}, {"CTR@5": (0.125, 0.5), "CVR@5": None})
    text = printed(replace(result, impressions=(score,)))
    assert "Logged impressions, all items" in text
    assert "0.1250–0.5000" in text


def test_the_sampled_protocol_says_what_it_is(tmp_path: Path, saved_model: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("case_id,positive,negatives\n1,i9,i2\n2,i3,i4\n")
    text = printed(evaluate(EvaluateRequest((str(saved_model),), path, cutoffs=(1,), rounds=10)))
    assert "sampled protocol, given candidate lists: not comparable with full-catalogue figures" in text
    assert "candidate lists, 2 users" in text
    assert "sampled HR@1" in text and "new items" not in text
