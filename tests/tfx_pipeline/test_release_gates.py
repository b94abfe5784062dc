import pytest

from tfx_pipeline.catalogue_evaluation import WindowResult
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.off_policy.diagnostics import Diagnostics
from tfx_pipeline.evaluation.off_policy.result import EstimatorRow, OffPolicyResult
from tfx_pipeline.evaluation.off_policy.verdict import Verdict
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.evaluation_config import EvaluationConfig, FairnessConfig, ThresholdConfig
from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.release_gates import (
    catalogue_gates,
    export_gate,
    last_blessed_gate,
    off_policy_gates,
    popularity_gate,
    search_gates,
    threshold_gate,
)
from tfx_pipeline.run_summary import Gate
from tfx_pipeline.search_result import SearchQuality
from trainer.export_checks.export_check import ExportCheck

NOBODY = "no user of the window has both a history and a target"


def result(
    ours: float | None,
    popular: float | None = 0.1,
    last: float | None = None,
    interval: tuple[float, float] | None = None,
    gaps: tuple[FairnessGap, ...] = (),
) -> WindowResult:
    values = {"shoprank": ours, "most popular": popular, "last blessed": last}
    users = 0 if ours is None else 10
    rows = [EvaluationRow(model, "all", users, {"NDCG@10": value}, {}) for model, value in values.items()]
    tests = [PairedTest("shoprank", "last blessed", "all", "NDCG@10", 10, -0.1, *interval, 0.01)] if interval else []
    name = None if last is None else "last blessed"
    return WindowResult("eval", 0, 100, EvaluationTable((10,), tuple(rows)), tuple(tests), (), gaps, name)


@pytest.mark.parametrize(
    ("ours", "popular", "lift", "passed", "reason"),
    [
        (0.30, 0.20, 0.0, True, "0.3000 against more than 0.2000 (most popular 0.2000)"),
        (0.20, 0.20, 0.0, False, "0.2000 against more than 0.2000 (most popular 0.2000)"),
        (0.30, 0.20, 0.6, False, "0.3000 against more than 0.3200 (most popular 0.2000)"),
        (None, None, 0.0, False, NOBODY),
    ],
)
def test_most_popular_has_to_be_beaten(
    ours: float | None, popular: float | None, lift: float, passed: bool, reason: str
) -> None:
    gate = popularity_gate(result(ours, popular), EvaluationConfig(cutoffs=[10], minimum_lift_over_popular=lift))
    assert (gate.name, gate.passed, gate.reason) == ("NDCG@10, all items, eval window", passed, reason)


@pytest.mark.parametrize(
    ("ours", "last", "interval", "passed", "reason"),
    [
        (0.40, 0.30, (0.05, 0.15), True, "0.4000 against 0.3000, within a drop of 2.0%"),
        (0.295, 0.30, (-0.01, -0.001), True, "0.2950 against 0.3000, within a drop of 2.0%"),
        (
            0.20,
            0.30,
            (-0.15, -0.05),
            False,
            "0.2000 against 0.3000: a drop of 33.3%, 2.0% is allowed; "
            "95 % interval of the difference from -0.1500 to -0.0500",
        ),
        (
            0.20,
            0.30,
            (-0.25, 0.05),
            True,
            "0.2000 against 0.3000: a drop of 33.3%, 2.0% is allowed, but it may be chance; "
            "95 % interval of the difference from -0.2500 to +0.0500",
        ),
        (0.20, 0.30, None, False, "0.2000 against 0.3000: a drop of 33.3%, 2.0% is allowed"),
        (None, 0.30, None, False, NOBODY),
    ],
)
def test_a_clearly_worse_model_is_not_blessed(
    ours: float | None, last: float, interval: tuple[float, float] | None, passed: bool, reason: str
) -> None:
    gate = last_blessed_gate(result(ours, last=last, interval=interval), EvaluationConfig(cutoffs=[10]))
    assert (gate.passed, gate.reason) == (passed, reason)
    assert gate.name == "NDCG@10, all items, eval window, against last blessed"


@pytest.mark.parametrize(
    ("threshold", "passed", "reason"),
    [
        ({"at_least": 0.3}, True, "0.3000 against at least 0.3000"),
        ({"at_least": 0.31}, False, "0.3000 against at least 0.3100"),
        ({"at_most": 0.3}, True, "0.3000 against at most 0.3000"),
        ({"at_most": 0.29}, False, "0.3000 against at most 0.2900"),
        ({"above": "most popular", "margin": 1.0}, True, "0.3000 against more than 0.2000 (most popular 0.1000)"),
        ({"above": "most popular", "margin": 2.5}, False, "0.3000 against more than 0.3500 (most popular 0.1000)"),
    ],
)
def test_thresholds(threshold: dict, passed: bool, reason: str) -> None:
    gate = threshold_gate(result(0.3), ThresholdConfig(metric="NDCG@10", **threshold))
    assert (gate.passed, gate.reason) == (passed, reason)


def test_a_margin_over_a_negative_metric_asks_for_more() -> None:
    threshold = ThresholdConfig(metric="NDCG@10", above="most popular", margin=0.5)
    gate = threshold_gate(result(-0.15, popular=-0.2), threshold)
    assert (gate.passed, gate.reason) == (False, "-0.1500 against more than -0.1000 (most popular -0.2000)")


def test_a_metric_that_has_no_value_says_so() -> None:
    gate = threshold_gate(result(0.3), ThresholdConfig(metric="Diversity@10", at_least=0.1))
    assert (gate.passed, gate.reason) == (False, "Diversity@10 of shoprank has no value for this shop")
    nobody_new = ThresholdConfig(metric="NDCG@10", items="new", at_least=0.1)
    everyone_repeats = WindowResult(
        "eval", 0, 100, EvaluationTable((10,), (EvaluationRow("shoprank", "new", 0, {"NDCG@10": None}, {}),))
    )
    gate = threshold_gate(everyone_repeats, nobody_new)
    assert gate.reason == "no user of the window has both a history and a target that is not in it"


def test_a_fairness_gate_that_cannot_be_measured_fails() -> None:
    slices = tuple(SliceScore("country", label, "shoprank", "all", 9, 9, {}, {}, True) for label in ("DE", "FR"))
    gap = FairnessGap("price", "quality", "NDCG@10", "shoprank", "1", 0.4, "2", 0.3, 0.1, 0.2)
    window = result(0.3, gaps=(gap,))
    window = WindowResult(window.name, 0, 100, window.table, (), slices, window.gaps)
    fairness = [
        FairnessConfig(dimension="country", quality=0.1, exposure=0.2),
        FairnessConfig(dimension="contry", quality=0.1),
        FairnessConfig(dimension="price", quality=0.2),
    ]
    gates = list(catalogue_gates(window, EvaluationConfig(cutoffs=[10], fairness=fairness)))
    assert [(gate.name, gate.passed) for gate in gates[1:]] == [
        ("quality gap of price, NDCG@10, eval window", True),
        ("quality gap of country, eval window", False),
        ("exposure gap of country, eval window", False),
        ("quality gap of contry, eval window", False),
    ]
    assert [gate.reason for gate in gates[2:]] == [
        "fewer than two groups have at least 50 users",
        "there are no two groups of items that are shown and wanted",
        "there are no slices by contry, only by country",
    ]


def test_gates_of_a_window_in_order() -> None:
    gaps = tuple(
        FairnessGap("country", "quality", "NDCG@10", "shoprank", "France", 0.4, "Spain", 0.1, 0.3, allowed)
        for allowed in (0.2, None)
    )
    settings = EvaluationConfig(cutoffs=[10], thresholds=[ThresholdConfig(metric="NDCG@10", at_least=0.2)])
    gates = list(catalogue_gates(result(0.3, last=0.3, interval=(-0.1, 0.1), gaps=gaps), settings))
    assert [gate.passed for gate in gates] == [True, True, True, False]
    assert gates[3].name == "quality gap of country, NDCG@10, eval window"
    assert gates[3].reason == "0.3000 against at most 0.2000 (France 0.4000, Spain 0.1000)"


def test_no_gate_against_a_model_that_is_not_there_or_not_asked_for() -> None:
    assert len(list(catalogue_gates(result(0.3), EvaluationConfig(cutoffs=[10])))) == 1
    settings = EvaluationConfig(cutoffs=[10], maximum_drop=None)
    assert len(list(catalogue_gates(result(0.3, last=0.4, interval=(-1, 1)), settings))) == 1


def found_searches(window: str, ours: float, interval: tuple[float, float] | None = None) -> SearchQuality:
    values = {"shoprank": ours, "BM25": 0.5}
    rows = tuple(EvaluationRow(model, "all", 9, {"NDCG@10": value}, {}) for model, value in values.items())
    tests = (PairedTest("shoprank", "BM25", "all", "NDCG@10", 9, ours - 0.5, *interval, 0.01),) if interval else ()
    return SearchQuality(window, "known items", 9, EvaluationTable((10,), rows), tests)


@pytest.mark.parametrize(
    ("ours", "interval", "allowed", "passed", "reason"),
    [
        (0.5, (-0.1, 0.1), 0.0, True, "0.5000 against 0.5000, within a drop of 0.0%"),
        (0.45, (-0.08, -0.02), 0.1, True, "0.4500 against 0.5000, within a drop of 10.0%"),
        (
            0.4,
            (-0.15, -0.05),
            0.0,
            False,
            "0.4000 against 0.5000: a drop of 20.0%, 0.0% is allowed; "
            "95 % interval of the difference from -0.1500 to -0.0500",
        ),
        (
            0.4,
            (-0.25, 0.05),
            0.0,
            True,
            "0.4000 against 0.5000: a drop of 20.0%, 0.0% is allowed, but it may be chance; "
            "95 % interval of the difference from -0.2500 to +0.0500",
        ),
        (
            0.4,
            None,
            0.0,
            True,
            "0.4000 against 0.5000: a drop of 20.0%, 0.0% is allowed, "
            "but there are too few searches to tell it from chance",
        ),
    ],
)
def test_a_model_that_searches_worse_than_bm25_is_not_blessed(
    ours: float, interval: tuple[float, float] | None, allowed: float, passed: bool, reason: str
) -> None:
    settings = EvaluationConfig(cutoffs=[10], maximum_search_loss=allowed)
    (gate,) = search_gates([found_searches("eval", ours, interval), found_searches("test", 0.0)], settings)
    assert (gate.passed, gate.reason) == (passed, reason)
    assert gate.name == "NDCG@10, known items, eval window, against BM25"


def test_no_gate_on_searches_where_none_is_asked_for_or_there_are_none() -> None:
    assert not list(search_gates([found_searches("eval", 0.1)], EvaluationConfig(maximum_search_loss=None)))
    assert not list(search_gates([], EvaluationConfig()))


def checked(low: float, effective: float = 500.0) -> OffPolicyCheck:
    support = Diagnostics(1000, 100, effective, 1.0, 5.0, 0.01)
    row = EstimatorRow("DR", 0.1 + low, None, None, support)
    found = OffPolicyResult(0.1, None, (row,), "DR", low, (low, low + 0.01), Verdict("better", "so it is"))
    return OffPolicyCheck("thompson", 1000, 0, 0, 0, found)


@pytest.mark.parametrize(
    ("low", "effective", "allowed", "passed"),
    [
        (0.0, 500.0, 0.0, True),
        (-0.001, 500.0, 0.0, False),
        (-0.001, 500.0, 0.02, True),
        (-0.003, 500.0, 0.02, False),
        (-0.05, 2.0, 0.0, True),
    ],
)
def test_a_lower_bound_below_what_was_shown_is_not_blessed_if_the_log_can_tell(
    low: float, effective: float, allowed: float, passed: bool
) -> None:
    [gate] = off_policy_gates(checked(low, effective), EvaluationConfig(maximum_off_policy_loss=allowed))
    assert (gate.name, gate.passed) == ("off-policy value of thompson, against what was shown", passed)
    told = "the log cannot tell: the effective sample size is 2.0" if effective == 2 else "the difference lies between"
    assert gate.reason.startswith(told)


def test_a_log_without_later_slates_cannot_tell() -> None:
    [gate] = off_policy_gates(OffPolicyCheck("greedy", 0, 5, 9, 0, None), EvaluationConfig())
    assert gate.passed and gate.reason == "the log cannot tell: it has no slate from after the training window"


def test_no_off_policy_gate_without_a_log_or_where_none_is_asked_for() -> None:
    assert not list(off_policy_gates(None, EvaluationConfig()))
    assert not list(off_policy_gates(checked(-1.0), EvaluationConfig(maximum_off_policy_loss=None)))


def test_the_export_gate_tells_what_was_checked_or_what_failed() -> None:
    passed = export_gate(ExportCheck("", 12_400_000, load_seconds=2.04, ops=149, calls=45, batches=(1, 7, 32)))
    told = (
        "149 ops, all in TensorFlow Serving; 45 calls with batches of 1, 7, 32 equal to 0.0001; 12 MB, loaded in 2.0 s"
    )
    assert passed == Gate("export", True, told)
    reason = "signature rank, batch 7: no such table"
    assert export_gate(ExportCheck(reason, 5)) == Gate("export", False, reason)
