"""What a run measured, and what `evaluate`, `runs` and `compare` say of it."""

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.evaluation.baselines import BASELINES, QUICK
from tfx_pipeline.evaluation.beyond_accuracy import beyond_names
from tfx_pipeline.evaluation.metrics import metric_names

YARDSTICK = Path(__file__).resolve().parents[3] / "shared" / "tools" / "score.py"
CUTOFFS = (10, 20)


def test_every_baseline_stands_beside_the_model(shop_run: Any) -> None:
    for window, baselines in zip(shop_run.summary.windows, (QUICK, tuple(BASELINES)), strict=True):
        assert window.table.models == ["shoprank", *baselines]
        assert {(test.other, test.items) for test in window.tests} == {
            (name, items) for name in baselines for items in ("all", "new")
        }


def test_every_metric_has_an_interval_that_holds_it(shop_run: Any) -> None:
    for window in shop_run.summary.windows:
        for row in window.table.rows:
            assert list(row.metrics) == list(window.table.metrics)
            assert set(row.metrics) == {*metric_names(CUTOFFS), *beyond_names(CUTOFFS)}
            for metric, value in row.metrics.items():
                low, high = row.intervals[metric]
                # The same mean by another order of addition, where every user has the same value.
                assert low - 1e-9 <= value <= high + 1e-9, (window.name, row.model, row.items, metric)


def test_slices_are_of_the_model_and_its_strongest_rival(shop_run: Any) -> None:
    slices = shop_run.summary.windows[1].slices
    assert {score.model for score in slices} == {"shoprank", "buy again"}
    dimensions = {score.dimension for score in slices}
    assert {"user activity", "item popularity", "category", "price", "objective cart"} <= dimensions
    assert any(score.too_small for score in slices)
    users = shop_run.summary.windows[1].table.users("all")
    active = [
        score for score in slices if (score.dimension, score.model, score.items) == ("user activity", "shoprank", "all")
    ]
    assert sum(score.users for score in active) == users


def test_the_rankers_probabilities_are_judged_objective_by_objective(shop_run: Any) -> None:
    assert [scores.objective for scores in shop_run.summary.ranker] == ["purchase", "cart"]
    for scores in shop_run.summary.ranker:
        assert 0 < scores.positives < scores.rows
        assert scores.metrics["AUC"] > 0.6
        low, high = scores.intervals["AUC"]
        assert low < scores.metrics["AUC"] < high
        assert sum(each.rows for each in scores.reliability) == scores.rows
    # TFMA measured the same rows.
    [gate] = [gate for gate in shop_run.summary.gates if gate.name == "ranker AUC, purchase, eval window"]
    by_tfma = float(gate.reason.split()[0])
    assert shop_run.summary.ranker[0].metrics["AUC"] == pytest.approx(by_tfma, abs=0.005)


def test_curves_examples_exploration_and_versions_are_there(shop_run: Any) -> None:
    summary = shop_run.summary
    assert {curve.model: len(curve.metrics["loss"]) for curve in summary.training}["towers"] == 2
    assert len(summary.examples) == 4 and all(user.history and user.answers for user in summary.examples)
    assert [policy.policy for policy in summary.exploration] == ["thompson"]
    assert 0 < summary.exploration[0].explored_share < 1
    assert summary.versions.packages["tensorflow"].startswith("2.")
    assert {"code", "configuration", "data"} <= set(summary.versions.hashes)


def test_tensorboard_finds_its_logs(shop_run: Any) -> None:
    for model in ("towers", "ranker"):
        assert list((shop_run.folder / "logs" / "tensorboard" / model).rglob("events.out.tfevents.*")), model


@pytest.fixture(scope="session")
def evaluated(shop_run: Any, command_line: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`shoprank evaluate` on the finished run, with every file that it can write."""
    folder = tmp_path_factory.mktemp("evaluated")
    towers = shop_run.output_of("TowerTrainer", "model") / "Format-Serving"
    done = command_line(
        *("evaluate", "--model", str(shop_run.folder), "--model", str(towers), "--model", "EASE", "--no-baselines"),
        *("--data", str(shop_run.folder), "--json", str(folder / "figures.json"), "--rounds", "200"),
        *("--predictions", str(folder / "predictions.csv"), "--targets", str(folder / "targets.csv")),
        *("--new-predictions", str(folder / "new.parquet"), "--history", str(folder / "history.csv")),
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert "global time split, full catalogue" in done.stdout
    return folder


def test_the_verb_measures_what_the_run_measured(shop_run: Any, evaluated: Path) -> None:
    results = json.loads((evaluated / "figures.json").read_text())["results"]
    for items in ("all", "new"):
        row = next(row for row in results if row["items"] == items)
        ours = shop_run.summary.windows[1].table.row("shoprank", items)
        assert row["users"] == ours.users
        for metric in metric_names(CUTOFFS):
            assert row["metrics"][metric] == pytest.approx(ours.metrics[metric], abs=1e-9), metric
        ease = next(row for row in results if (row["model"], row["items"]) == ("EASE", items))
        theirs = shop_run.summary.windows[1].table.row("EASE", items)
        assert ease["metrics"]["NDCG@10"] == pytest.approx(theirs.metrics["NDCG@10"], abs=1e-9)


def test_the_towers_alone_are_a_model_too(evaluated: Path) -> None:
    document = json.loads((evaluated / "figures.json").read_text())
    towers = document["models"][1]
    scores = {row["items"]: row["metrics"] for row in document["results"] if row["model"] == towers["name"]}
    assert scores["all"]["NDCG@10"] > 0.01
    assert len(document["tests"]) > 0


@pytest.mark.skipif(not YARDSTICK.exists(), reason=f"{YARDSTICK} is absent")
@pytest.mark.parametrize(("items", "predictions"), [("all", "predictions.csv"), ("new", "new.parquet")])
def test_the_outside_yardstick_gives_the_same_figures(evaluated: Path, items: str, predictions: str) -> None:
    spec = importlib.util.spec_from_file_location("score", YARDSTICK)
    assert spec is not None and spec.loader is not None
    yardstick = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(yardstick)
    ranked = yardstick.read(str(evaluated / predictions), ["user_id", "item_id", "rank"])
    ranked["rank"] = ranked["rank"].astype(int)
    targets = yardstick.read(str(evaluated / "targets.csv"), ["user_id", "item_id"])
    if items == "new":
        targets = yardstick.without(targets, yardstick.read(str(evaluated / "history.csv"), ["user_id", "item_id"]))
    users, table = yardstick.score(ranked, targets, CUTOFFS)
    row = next(row for row in json.loads((evaluated / "figures.json").read_text())["results"] if row["items"] == items)
    assert users == row["users"]
    for metric in table.index:
        assert table.at[metric, "mean"] == pytest.approx(row["metrics"][metric], abs=1e-6), metric


def test_predictions_of_a_served_model_are_those_of_the_saved_one(
    shop_run: Any, server_target: str, evaluated: Path, command_line: Any, tmp_path: Path
) -> None:
    path = tmp_path / "served.csv"
    done = command_line(
        *("evaluate", "--model", server_target, "--data", str(shop_run.folder), "--no-baselines", "--rounds", "0"),
        *("--predictions", str(path)),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ours, saved = (_lists(file) for file in (path, evaluated / "predictions.csv"))
    same = sum(ours[user] == items for user, items in saved.items())
    # Sums in batches of another size round otherwise, which can swap neighbours with equal scores.
    assert set(ours) == set(saved) and same > 0.95 * len(saved)


def _lists(path: Path) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lists.setdefault(row["user_id"], []).append(row["item_id"])
    return lists


def test_the_report_has_a_section_for_every_part(shop_run: Any) -> None:
    page = (shop_run.folder / "report.html").read_text(encoding="utf-8")
    for words in ("Training", "Slices", "Calibration", "Exploration", "Model card", "Leakage", "Coverage", "EASE"):
        assert words in page, words
    assert "<script" not in page
