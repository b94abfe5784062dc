from pathlib import Path

import pytest

from tfx_pipeline.catalogue_evaluation import WindowResult, popularity_gate, read_results, write_results
from tfx_pipeline.config import EvaluationConfig
from tfx_pipeline.evaluation.protocol import EvaluationRow, EvaluationTable


def result(ours: float | None, popular: float | None) -> WindowResult:
    rows = [
        EvaluationRow(model, "all", 10, {"NDCG@10": value}, {"NDCG@10": None})
        for model, value in (("shoprank", ours), ("most popular", popular))
    ]
    return WindowResult("eval", 0, 100, EvaluationTable((10,), tuple(rows)))


@pytest.mark.parametrize(
    ("ours", "popular", "lift", "passed", "reason"),
    [
        (0.30, 0.20, 0.0, True, "0.3000 against more than 0.2000 (most popular 0.2000)"),
        (0.20, 0.20, 0.0, False, "0.2000 against more than 0.2000 (most popular 0.2000)"),
        (0.30, 0.20, 0.6, False, "0.3000 against more than 0.3200 (most popular 0.2000)"),
        (None, None, 0.0, False, "no user of the window has a history"),
    ],
)
def test_gate_compares_with_most_popular(
    ours: float | None, popular: float | None, lift: float, passed: bool, reason: str
) -> None:
    gate = popularity_gate(result(ours, popular), EvaluationConfig(cutoffs=[10], minimum_lift_over_popular=lift))
    assert (gate.name, gate.passed, gate.reason) == ("NDCG@10, all items, eval window", passed, reason)


def test_results_survive_the_disk(tmp_path: Path) -> None:
    results = [result(0.3, 0.2), result(None, None)]
    write_results(results, tmp_path / "evaluation")
    assert read_results(tmp_path / "evaluation") == results
