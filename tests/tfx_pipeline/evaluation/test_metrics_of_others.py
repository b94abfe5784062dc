"""Our metrics against those of others: ir-measures and the outside yardstick.

On ties: equal scores keep catalogue order with us. ir-measures runs trec_eval, which puts the larger document id
first, as text, and for RR@k the script of MS MARCO, which puts the smaller one first. A run is told to them in two
ways: with scores that fall by rank, which states our order outright, and with the tied scores themselves, where
documents are named so that the rule at hand is ours.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import ir_measures
import numpy as np
import pandas as pd
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation.predictions import write_predictions
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings, without_history
from tfx_pipeline.evaluation.top_k import top_k

YARDSTICK = Path(__file__).parents[4] / "shared" / "tools" / "score.py"
USERS, ITEMS, CUTOFFS = 80, 120, (1, 5, 10, 20)


def random_cases(most_targets: int) -> EvaluationCases:
    random = np.random.default_rng(3)
    history = [random.integers(0, ITEMS, size).tolist() for size in random.integers(1, 40, USERS)]
    targets = [random.integers(0, ITEMS, size).tolist() for size in random.integers(1, most_targets, USERS)]
    return EvaluationCases.from_lists([f"u{i}" for i in range(USERS)], history, targets, ITEMS)


def random_rankings(levels: int) -> Rankings:
    """Lists of different lengths; few levels of scores mean many ties."""
    random = np.random.default_rng(5)
    scores = random.integers(0, levels, (USERS, ITEMS)).astype(np.float32)
    scores[random.random(USERS) < 0.2, 7:] = -np.inf
    return top_k(scores, 30)


def theirs(ranked: Rankings, cases: EvaluationCases, with_ties: bool) -> dict[str, float]:
    of_trec_eval = [measure @ k for k in CUTOFFS for measure in (Success, nDCG, P, AP, R)]
    larger_first = [f"d{ITEMS - item:04d}" for item in range(ITEMS)]
    smaller_first = [f"d{item:04d}" for item in range(ITEMS)]
    return calculate(of_trec_eval, ranked, cases, with_ties, larger_first) | calculate(
        [RR @ k for k in CUTOFFS], ranked, cases, with_ties, smaller_first
    )


def calculate(
    measures: list[Any], ranked: Rankings, cases: EvaluationCases, with_ties: bool, documents: list[str]
) -> dict[str, float]:
    assert ranked.scores is not None
    run = [
        ir_measures.ScoredDoc(user, documents[item], float(score) if with_ties else -float(rank))
        for user, items, scores in zip(cases.user_ids, ranked.items, ranked.scores, strict=True)
        for rank, (item, score) in enumerate(zip(items, scores, strict=True))
        if item >= 0
    ]
    wanted = [
        ir_measures.Qrel(cases.user_ids[owner], documents[item], 1)
        for owner, item in zip(cases.targets.owners, cases.targets.values, strict=True)
    ]
    return {str(measure): value for measure, value in ir_measures.calc_aggregate(measures, wanted, run).items()}


@pytest.mark.parametrize("with_ties", [False, True])
@pytest.mark.parametrize("levels", [3, 1_000_000])
@pytest.mark.parametrize("most_targets", [2, 5, 60])
def test_equal_to_ir_measures(levels: int, with_ties: bool, most_targets: int) -> None:
    cases, ranked = random_cases(most_targets), random_rankings(levels)
    ours = score_rankings(ranked.items, cases, CUTOFFS)
    expected = theirs(ranked, cases, with_ties)
    names = {"HR": "Success", "NDCG": "nDCG", "Precision": "P", "MAP": "AP", "MRR": "RR"}
    for k in CUTOFFS:
        for metric, name in names.items():
            assert ours.means[f"{metric}@{k}"] == pytest.approx(expected[f"{name}@{k}"], abs=1e-6), (metric, k)
        if k >= most_targets:
            assert ours.means[f"Recall@{k}"] == pytest.approx(expected[f"R@{k}"], abs=1e-6)


def test_f1_is_the_harmonic_mean_of_their_precision_and_recall() -> None:
    cases, ranked = random_cases(30), random_rankings(1_000_000)
    ours = score_rankings(ranked.items, cases, CUTOFFS).per_user
    for user in range(0, USERS, 9):
        one = np.array([user])
        assert ranked.scores is not None
        part = Rankings(ranked.items[one], ranked.scores[one])
        measures = theirs(part, cases.take(one), with_ties=False)
        for k in CUTOFFS:
            precision, recall = measures[f"P@{k}"], measures[f"R@{k}"]
            expected = 2 * precision * recall / (precision + recall) if precision else 0.0
            assert ours[f"F1@{k}"][user] == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def yardstick() -> ModuleType:
    if not YARDSTICK.exists():
        pytest.skip(f"{YARDSTICK} is absent")
    specification = spec_from_file_location("yardstick", YARDSTICK)
    assert specification is not None and specification.loader is not None
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def write_pairs(path: Path, cases: EvaluationCases, lists: Ragged) -> str:
    users = np.array(cases.user_ids)[lists.owners]
    pd.DataFrame({"user_id": users, "item_id": [f"i{item}" for item in lists.values]}).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("levels", [3, 1_000_000])
@pytest.mark.parametrize("items", ["all", "new"])
def test_equal_to_the_outside_yardstick(tmp_path: Path, yardstick: ModuleType, items: str, levels: int) -> None:
    cases, ranked = random_cases(15), random_rankings(levels)
    write_predictions(tmp_path / "predictions.csv", cases.user_ids, ranked.items, [f"i{item}" for item in range(ITEMS)])
    predictions = yardstick.read(str(tmp_path / "predictions.csv"), ["user_id", "item_id", "rank"])
    targets = yardstick.read(write_pairs(tmp_path / "targets.csv", cases, cases.targets), ["user_id", "item_id"])
    predictions["rank"] = predictions["rank"].astype(int)
    if items == "new":
        history = yardstick.read(write_pairs(tmp_path / "history.csv", cases, cases.history), ["user_id", "item_id"])
        predictions, targets = yardstick.without(predictions, history), yardstick.without(targets, history)
        predictions["rank"] = predictions.groupby("user_id").cumcount() + 1
        cases, indices = cases.new_only()
        assert ranked.scores is not None
        ranked = without_history(Rankings(ranked.items[indices], ranked.scores[indices]), cases)
    users, table = yardstick.score(predictions, targets, CUTOFFS)
    ours = score_rankings(ranked.items, cases, CUTOFFS)
    assert users == ours.users
    for name, (mean, error) in table.iterrows():
        assert ours.means[str(name)] == pytest.approx(mean, abs=1e-6), name
        assert ours.standard_errors[str(name)] == pytest.approx(error, abs=1e-6), name
