"""Whole evaluations of a small generated shop, checked by an outside yardstick."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.request import EvaluateRequest, OutputFiles
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluate.written_lists import write_lists
from tfx_pipeline.evaluation.baselines import BASELINES, BUY_AGAIN, MOST_POPULAR
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
YARDSTICK = Path(__file__).parents[4] / "shared" / "tools" / "score.py"


@pytest.fixture(scope="module")
def yardstick() -> ModuleType:
    if not YARDSTICK.is_file():
        pytest.skip(f"{YARDSTICK} is not there")
    spec = importlib.util.spec_from_file_location("score", YARDSTICK)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def result(run_dir: Path) -> EvaluationResult:
    """Two baselines on the test window of a run."""
    return evaluate(EvaluateRequest((BUY_AGAIN, MOST_POPULAR), run_dir, slices=("country",), baselines=False))


def output_files(folder: Path, ending: str = ".csv") -> OutputFiles:
    names = ("predictions", "new_predictions", "targets", "history")
    return OutputFiles(None, *(folder / f"{name}{ending}" for name in names))


def outside_scores(yardstick: ModuleType, files: OutputFiles, items: str, cutoffs: tuple[int, ...]) -> dict[str, float]:
    """What the yardstick computes from the written files."""
    predictions = yardstick.read(str(files.predictions if items == "all" else files.new_predictions),
                                 ["user_id", "item_id", "rank"])  # fmt: skip
    targets = yardstick.read(str(files.targets), ["user_id", "item_id"])
    if items == "new":
        history = yardstick.read(str(files.history), ["user_id", "item_id"])
        targets = yardstick.without(targets, history)
    predictions["rank"] = predictions["rank"].astype(int)
    _, table = yardstick.score(predictions, targets, cutoffs)
    means: dict[str, float] = table["mean"].to_dict()
    return means


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_an_outside_yardstick_gives_the_same_figures(
    result: EvaluationResult, yardstick: ModuleType, tmp_path: Path, ending: str
) -> None:
    files = output_files(tmp_path, ending)
    write_lists(result, files)
    for items in ("all", "new"):
        row = result.evaluation.table.row(BUY_AGAIN, items)  # type: ignore[arg-type]
        outside = outside_scores(yardstick, files, items, (5, 10))
        assert set(outside) == {f"{name}@{k}" for name in ("HR", "Recall", "NDCG", "MRR") for k in (5, 10)}
        for metric, value in outside.items():
            assert row.metrics[metric] == pytest.approx(value, abs=1e-6)


def test_written_lists_evaluate_to_the_same_figures(result: EvaluationResult, run_dir: Path, tmp_path: Path) -> None:
    files = output_files(tmp_path)
    write_lists(result, files)
    again = evaluate(EvaluateRequest((str(files.predictions),), run_dir, baselines=False))
    assert again.evaluation.table.models == ["predictions"]
    ours, theirs = again.evaluation.table.row("predictions", "all"), result.evaluation.table.row(BUY_AGAIN, "all")
    assert ours.metrics == theirs.metrics
    assert ours.intervals == theirs.intervals


def test_what_was_evaluated(result: EvaluationResult) -> None:
    data = result.data
    assert (data.protocol, data.window, len(data.item_ids)) == ("time", "test", 25)
    assert data.period is not None and data.period[0] < data.period[1]
    assert result.evaluation.table.cutoffs == (5, 10)
    assert (result.rounds, result.first) == (50, BUY_AGAIN)
    assert result.evaluation.table.users("all") == len(data.cases)
    assert {test.other for test in result.evaluation.tests} == {MOST_POPULAR}
    assert {score.label for score in result.evaluation.slices if score.dimension == "country"} == {"DE", "FR"}
    assert {score.model for score in result.evaluation.slices} == {BUY_AGAIN}
    assert any(gap.kind == "exposure" for gap in result.gaps)
    # What was reached divides nobody into groups.
    assert any(score.dimension == "objective view" for score in result.evaluation.slices)
    assert not any(gap.dimension.startswith("objective") for gap in result.gaps)


def test_a_configuration_is_ingested_for_the_occasion(result: EvaluationResult, shop: Path, run_dir: Path) -> None:
    before = sorted(run_dir.rglob("*"))
    other = evaluate(EvaluateRequest((BUY_AGAIN, MOST_POPULAR), shop, baselines=False))
    assert other.evaluation.table == result.evaluation.table
    assert sorted(run_dir.rglob("*")) == before


def test_the_order_of_models_matters_for_tests_alone(result: EvaluationResult, run_dir: Path) -> None:
    turned = evaluate(EvaluateRequest((MOST_POPULAR, BUY_AGAIN), run_dir, baselines=False))
    for model in (MOST_POPULAR, BUY_AGAIN):
        assert turned.evaluation.table.row(model, "new") == result.evaluation.table.row(model, "new")
    ours = {(test.items, test.metric): test.difference for test in result.evaluation.tests}
    theirs = {(test.items, test.metric): -test.difference for test in turned.evaluation.tests}
    assert ours == pytest.approx(theirs)


def test_baselines_stand_beside_every_model_once(run_dir: Path) -> None:
    request = EvaluateRequest((BUY_AGAIN,), run_dir, cutoffs=(3,), rounds=0, window="eval")
    found = evaluate(request)
    assert sorted(found.evaluation.table.models) == sorted(BASELINES)
    assert (found.first, found.evaluation.tests) == (BUY_AGAIN, ())
    assert found.data.window == "eval"
    alone = evaluate(replace(request, baselines=False))
    assert alone.evaluation.table.models == [BUY_AGAIN]


def test_another_protocol_splits_again_and_warns(run_dir: Path) -> None:
    found = evaluate(EvaluateRequest((MOST_POPULAR,), run_dir, "leave-last-out", baselines=False))
    assert found.data.protocol == "leave-last-out"
    assert (found.data.cases.targets.lengths == 1).all()
    assert found.notes == (
        "the configuration splits by time, this evaluation by leave-last-out: "
        "a model that was trained under the other split may have seen events of this window",
    )


def test_a_saved_model_beside_a_baseline(run_dir: Path, saved_model: Path) -> None:
    found = evaluate(EvaluateRequest((str(saved_model), MOST_POPULAR), run_dir, rounds=10, baselines=False))
    assert found.evaluation.table.models == ["servable", MOST_POPULAR]
    cases, ranked = found.evaluation.ranked["servable", "all"]
    moved = {"i4"} & set(found.data.item_ids[cases.history_of(0)])
    first = "i1" if moved else "i3"
    assert found.data.item_ids[ranked.items[0, 0]] == first
    assert found.evaluation.table.row("servable", "all").metrics["HR@10"] > 0  # type: ignore[operator]


CASES = "user_id,history,targets\nu,i1 i2,i3\nv,i2,i3 i1\nw,i3,i2\n"


def test_cases_with_their_own_training_table(save: Save) -> None:
    train = save("train.csv", "user_id,item_id\na,i3\nb,i3\nb,i1\nc,i2\nc,i3\n")
    request = EvaluateRequest((MOST_POPULAR,), save("cases.csv", CASES), train=train, rounds=0, baselines=False)
    found = evaluate(replace(request, cutoffs=(1, 2)))
    # Popular are i3, then i1 and i2 in the order in which the tables name them: i3, i1, i2.
    assert found.data.item_ids.tolist() == ["i3", "i1", "i2"]
    row = found.evaluation.table.row(MOST_POPULAR, "all")
    assert row.metrics["HR@1"] == pytest.approx(2 / 3)
    assert row.metrics["Recall@2"] == pytest.approx((1 + 1 + 0) / 3)


def test_cases_without_a_training_table_have_no_baselines(save: Save) -> None:
    predictions = save("theirs.csv", "user_id,item_id,rank\nu,i3,1\nv,i2,1\n")
    found = evaluate(EvaluateRequest((str(predictions),), save("cases.csv", CASES), cutoffs=(1,)))
    assert found.evaluation.table.row("theirs", "all").metrics["HR@1"] == pytest.approx(1 / 3)
    assert "no baselines stand beside the models: --train FILE names what they learn from" in found.notes


def test_the_sampled_protocol_is_told_by_its_negatives(save: Save, saved_model: Path) -> None:
    path = save("lists.csv", "case_id,history,positive,negatives\n1,i1,i9,i2 i3 i2\n2,i1,i4,i5 i6 i7\n")
    found = evaluate(EvaluateRequest((str(saved_model),), path, cutoffs=(1, 2), rounds=20))
    assert found.data.protocol == "sampled"
    # The SavedModel ranks by the number: 9 is first of 3, and 4 the last of 4.
    row = found.evaluation.table.row("servable", "all")
    assert (row.metrics["sampled HR@1"], row.metrics["sampled MRR"]) == (0.5, pytest.approx((1 + 1 / 4) / 2))
    assert all(name.startswith("sampled") for name in row.metrics)


def test_impressions(run_dir: Path, result: EvaluationResult, tmp_path: Path) -> None:
    cases, ranked = result.evaluation.ranked[MOST_POPULAR, "all"]
    top = result.data.item_ids[ranked.items[0, 0]]
    clicked = np.arange(len(cases)) % 4 == 0
    rows = pd.DataFrame({"user_id": cases.user_ids, "item_id": top, "clicked": clicked, "converted": False})
    rows.to_csv(tmp_path / "impressions.csv", index=False)
    request = EvaluateRequest((MOST_POPULAR,), run_dir, impressions=tmp_path / "impressions.csv", baselines=False)
    [score] = evaluate(request).impressions
    assert score.metrics["CTR@5"] == pytest.approx(clicked.mean())
    assert score.metrics["CVR@5"] == 0
    low, high = score.intervals["CTR@5"]  # type: ignore[misc]
    assert low < clicked.mean() < high


def test_impressions_belong_to_their_own_case(save: Save) -> None:
    # Who has no target is left out of the figures, and must not shift the impressions of those behind.
    cases = save("cases.csv", "user_id,history,targets\nidle,i1,\nu,i1,i2\nv,i1,i3\n")
    predictions = save("theirs.csv", "user_id,item_id,rank\nu,i2,1\nv,i3,1\n")
    log = save("log.csv", "user_id,item_id,clicked\nu,i2,1\nv,i2,1\nv,i3,0\n")
    request = EvaluateRequest((str(predictions),), cases, cutoffs=(1,), impressions=log, rounds=0)
    [score] = evaluate(request).impressions
    assert score.metrics == {"CTR@1": 0.5, "Shown@1": 1.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": Path("nowhere")}, "nowhere: no such file or directory"),
        ({"data": "{tmp}"}, "{tmp}: no run directory, config.yaml is missing"),
        ({"protocol": "cases"}, "{run}: protocol cases needs a table of cases, this is a shop's data"),
        ({"train": Path("x")}, "--train goes with a table of cases; {run} is a shop's data"),
        ({"items": Path("x")}, "--items goes with a table of cases; {run} is a shop's data"),
        ({"columns": {"a": "b"}}, "--columns goes with a table of cases; {run} is a shop's data"),
        ({"where": {"a": ("b",)}}, "--where goes with a table of cases; {run} is a shop's data"),
        ({"data": "{cases}", "where": {"user_id": ("x", "y")}}, "{cases}: no row has user_id=x or y"),
        (
            {"data": "{cases}", "protocol": "time"},
            "{cases}: protocol time needs a run directory or a YAML configuration, this is a table of cases",
        ),
        ({"data": "{cases}", "slices": ("a",)}, "--slice needs the tables of a shop; {cases} is a table of cases"),
        (
            {"data": "{cases}"},
            "--model most popular: there is nothing to learn from; --train FILE names it",
        ),
        (
            {"data": "{cases}", "protocol": "sampled", "impressions": Path("x")},
            "--impressions needs ranked lists of the whole catalogue, not the sampled protocol",
        ),
        (
            {"data": "{cases}", "protocol": "sampled", "files": OutputFiles(new_predictions=Path("x.csv"))},
            "--new-predictions needs lists without the history, which the sampled protocol has not",
        ),
        ({"protocol": "files"}, "{tables}: split.method files needs eval_path and test_path in data.events"),
        ({"slices": ("shoe size",)}, "slices: no column shoe size in the items, the users or the events"),
        (
            {"files": OutputFiles(predictions=Path("p.txt"))},
            "p.txt: tables are written as .csv, .csv.gz or .parquet",
        ),
    ],
)
def test_a_request_that_cannot_be_met(
    run_dir: Path, save: Save, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    tables = run_dir / "tfx" / "Ingest" / "tables" / "1" / "events"
    places = {"run": run_dir, "cases": save("cases.csv", CASES), "tmp": tmp_path, "tables": tables}
    if isinstance(change.get("data"), str):
        change = {**change, "data": Path(str(change["data"]).format(**places))}
    request = replace(EvaluateRequest((MOST_POPULAR,), run_dir, baselines=False), **change)  # type: ignore[arg-type]
    with pytest.raises(DataError) as error:
        evaluate(request)
    assert str(error.value) == message.format(**places)


def test_candidate_lists_are_written_as_they_were_ranked(save: Save, saved_model: Path) -> None:
    path = save("lists.csv", "case_id,positive,negatives\n1,i9,i2\n")
    found = evaluate(EvaluateRequest((str(saved_model),), path, cutoffs=(1,)))
    write_lists(found, OutputFiles(predictions=path.parent / "all.csv"))
    assert pd.read_csv(path.parent / "all.csv").to_dict("list") == {
        "user_id": [1, 1], "item_id": ["i9", "i2"], "rank": [1, 2], "score": [9.0, 2.0]
    }  # fmt: skip
