"""A made-up run with everything that a report can show."""

from dataclasses import replace
from pathlib import Path

import pytest

from tfx_pipeline.answer_table import Answer
from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.distribution_comparison import Comparison, Distance, NotMeasured
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.off_policy.diagnostics import Diagnostics
from tfx_pipeline.evaluation.off_policy.result import EstimatorRow, OffPolicyResult
from tfx_pipeline.evaluation.off_policy.verdict import Verdict
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.probabilities import ProbabilityScores, ReliabilityBin
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable, Items
from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.report import write_report
from tfx_pipeline.run_details import ExampleUser, Exploration, PastItem, TrainingCurve, Versions
from tfx_pipeline.run_summary import Gate, RunSummary, WindowMetrics
from tfx_pipeline.search_result import SearchQuality
from trainer.tuning.search_record import SearchRecord, SearchTrial

HOSTILE = '</style><script>alert(1)</script> & "quoted" <b>'
CUTOFFS = (10, 20)
NDCG = {
    "shoprank": 0.42,
    "shoprank 1767000000": 0.41,
    "most popular": 0.17,
    "recent popular": 0.173,
    "buy again with recency": 0.40,
    "EASE (times recent popularity)": 0.35,
}
COVERAGE = (0.08, 0.075, 0.0002, 0.0002, 0.11, 0.03)
FACTORS = {"HR": 2.0, "Recall": 0.9, "NDCG": 1.0, "Precision": 0.5, "MAP": 0.6, "MRR": 1.3, "F1": 0.6}


def full_row(model: str, items: Items) -> EvaluationRow:
    value = NDCG[model] * (1 if items == "all" else 0.25)
    coverage = COVERAGE[list(NDCG).index(model)]
    metrics: dict[str, float | None] = {}
    for k in CUTOFFS:
        metrics |= {f"{name}@{k}": value * factor for name, factor in FACTORS.items()}
        metrics |= {f"Coverage@{k}": coverage, f"Gini@{k}": 0.97, f"Novelty@{k}": 11.5, f"PopularityLift@{k}": 4.25}
    per_user = [name for name in metrics if not name.startswith(("Coverage", "Gini"))]
    intervals = {name: (metrics[name] * 0.97, metrics[name] * 1.03) if name in per_user else None for name in metrics}
    return EvaluationRow(model, items, 2012, metrics, dict.fromkeys(metrics, None), intervals)


def slices(dimension: str, labels: tuple[str, ...]) -> list[SliceScore]:
    return [
        SliceScore(
            dimension,
            label,
            "shoprank",
            items,
            600 - 190 * step,
            2_400 - 700 * step,
            {f"{metric}@10": (0.5 - step / 9) * scale for metric in ("HR", "Recall", "NDCG")},
            {f"{metric}@10": ((0.45 - step / 9) * scale, (0.55 - step / 9) * scale) for metric in ("HR", "NDCG")},
            too_small=step == 3,
        )
        for items, scale in (("all", 1.0), ("new", 0.2))
        for step, label in enumerate(labels)
    ]


def full_window(window: WindowMetrics) -> WindowMetrics:
    rows = tuple(full_row(model, items) for model in NDCG for items in ("all", "new"))
    tests = [
        PairedTest("shoprank", other, items, metric, 2012, 0.42 - value, 0.41 - value, 0.43 - value, 0.0002)
        for metric in ("NDCG@10", "HR@10")
        for other, value in list(NDCG.items())[1:]
        for items in ("all", "new")
    ]
    gaps = (
        FairnessGap("category", "quality", "NDCG@10", "shoprank", "dairy", 0.5, "garden", 0.2, 0.3, 0.25),
        FairnessGap("country", "exposure", "share", "shoprank", "DE", 0.6, "AT", 0.5, 0.1, None),
    )
    scores = slices("user activity", ("cold", "1 to 5 events", "6 to 50", "more than 50"))
    scores += slices("category", ("dairy", "drinks", HOSTILE, "garden"))
    table = EvaluationTable(CUTOFFS, rows)
    return replace(
        window, table=table, tests=tuple(tests), slices=tuple(scores), gaps=gaps, last_blessed="shoprank 1767000000"
    )


def ranker_scores(objective: str) -> ProbabilityScores:
    shares = [0.01 + 0.03 * step for step in range(10)]
    bins = tuple(ReliabilityBin(900, share, share * 1.1, share * 0.9, share * 1.3) for share in shares)
    metrics = {"AUC": 0.8565, "log loss": 0.31, "ECE": 0.012, "accuracy": None}
    intervals = {"AUC": (0.85, 0.86), "log loss": (0.3, 0.32), "ECE": (0.01, 0.014), "accuracy": None}
    return ProbabilityScores(objective, 9_000, 1_400, metrics, intervals, bins)


def example_user() -> ExampleUser:
    history = (
        PastItem("i7", "FLUID MILK WHITE ONLY", "purchase", 0.4),
        PastItem("i8", HOSTILE, "purchase", 12.0),
        PastItem("i9", "", "view", None),
    )
    milk = Answer("i7", "FLUID MILK WHITE ONLY", 0.77, 0.56, "history")
    bread = Answer("i5", "MAIN MEAL BREAD 20 OZ WITH A VERY LONG TITLE THAT GOES ON", 0.65, None, "ann")
    return ExampleUser("household <900>", "long history", history, (milk, bread), ("i7",), 14)


def searches() -> SearchQuality:
    table = full_window_table("shoprank", "most popular")
    words = tuple(replace(row, model="BM25") if row.model != "shoprank" else row for row in table.rows)
    return SearchQuality("test", "known items", 1_200, EvaluationTable(CUTOFFS, words))


def off_policy() -> OffPolicyCheck:
    support = Diagnostics(1_200, 90, 640.0, 1.02, 7.5, 0.01)
    rows = (
        EstimatorRow("DR", 0.031, (0.029, 0.033), (0.01, 0.06), support),
        EstimatorRow("SNIPS", 0.0305, None, None, support),
    )
    better = Verdict("better", "95% interval of the difference to the logging policy: 0.001 to 0.003")
    result = OffPolicyResult(0.029, (0.027, 0.031), rows, "DR", 0.002, (0.001, 0.003), better)
    return OffPolicyCheck("thompson", 1_200, 3, 40, 0, result)


def search(model: str, section: str, best: int) -> SearchRecord:
    """Three trials, of which the last one failed."""

    def trial(number: int, rate: float, score: float | None, failure: str = "") -> SearchTrial:
        values = {f"{section}.learning_rate": rate, f"{section}.hidden": [8 * (number + 1), 4], f"{section}.flag": True}
        return SearchTrial(number, values, 3, score, 61.5, failure)  # type: ignore[arg-type]

    trials = (trial(0, 0.002, 0.11), trial(1, 0.01, 0.125), trial(2, 0.5, None, "MemoryError: too <large>"))
    return SearchRecord(model, "random", "NDCG@10", "users of the ranker's window", 1_230, trials, best, "seconds")


def full_window_table(*models: str) -> EvaluationTable:
    return EvaluationTable(CUTOFFS, tuple(full_row(model, "all") for model in models))


def data_summary() -> DataSummary:
    distances = (
        Distance("drift", "event_type", "L-infinity", 0.01234, 0.3, False, 100, 120),
        Distance("skew", "event_<b>", "Jensen-Shannon divergence", 0.75, 0.5, True, 100, 120),
    )
    missing = NotMeasured("drift", "price", "Jensen-Shannon divergence", "no values before")
    audit = (CheckResult("order", "times do not decrease", 12_345, 0, ""), CheckResult("own basket", "none", 99, 2, ""))
    return DataSummary(
        ("A note <i>here</i>.",), audit, Comparison(distances, (missing,)), ("WARNING, split eval: odd",), "runs/bad"
    )


@pytest.fixture
def full_run(run_summary: RunSummary) -> RunSummary:
    """A run with something in every section, some of it text that HTML would take for markup."""
    towers = {"loss": (5.1, 4.2, 3.9), "val_loss": (5.0, 4.4, 4.3), "recall": (0.1, 0.2, 0.25)}
    return replace(
        run_summary,
        windows=tuple(map(full_window, run_summary.windows)),
        gates=(*run_summary.gates, Gate("ranker AUC", True, "0.8565 against at least 0.6")),
        data=data_summary(),
        ranker=(ranker_scores("purchase"), ranker_scores("click")),
        training=(TrainingCurve("towers", towers), TrainingCurve("ranker", {"loss": (0.4,)})),
        examples=(example_user(), replace(example_user(), user_id="empty", history=(), answers=(), hits=())),
        tuning=(search("towers", "retrieval", 1), search("ranker", "ranker", 0)),
        exploration=(
            Exploration("greedy", False, 50, 500, 0.0, 1.0, 0.0, 0.01),
            Exploration("thompson", True, 50, 500, 0.31, 0.62, 0.04, 0.01),
        ),
        searches=(searches(),),
        off_policy=off_policy(),
        versions=Versions({"tensorflow": "2.16.2", "tfx": "1.16.0"}, {"code": "9f" * 20, "data": "0a" * 32}, 7),
    )


@pytest.fixture
def short_run(full_run: RunSummary) -> RunSummary:
    """The full run with one window and no slices: as many sections, but fewer charts to wait for."""
    return replace(full_run, windows=(replace(full_run.windows[0], slices=slices("country", ("DE",))[:1]),))


@pytest.fixture(scope="session")
def drawn_pages() -> dict[str, str]:
    """Summary of a run -> its page: drawing takes seconds, and many tests look at the same page."""
    return {}


@pytest.fixture
def full_page(full_run: RunSummary, drawn_pages: dict[str, str], tmp_path: Path) -> str:
    """The report of the full run."""
    summary = full_run.to_json()
    if summary not in drawn_pages:
        write_report(full_run, tmp_path / "full.html")
        drawn_pages[summary] = (tmp_path / "full.html").read_text(encoding="utf-8")
    return drawn_pages[summary]
