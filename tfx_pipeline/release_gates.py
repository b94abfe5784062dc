"""The gates that a model has to pass to be blessed, each with its reason in words."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL, WindowResult
from tfx_pipeline.evaluation.baselines import MOST_POPULAR
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.off_policy.settings import OffPolicySettings
from tfx_pipeline.evaluation.off_policy.verdict import weak_support
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation_config import EvaluationConfig, ThresholdConfig
from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.run_summary import Gate
from tfx_pipeline.search_quality import BM25_NAME
from tfx_pipeline.search_result import SearchQuality
from trainer.export_checks.agreement import TOLERANCE
from trainer.export_checks.export_check import ExportCheck
from trainer.features import EVAL

_FILE = "gates.json"
_ADAPTER = TypeAdapter(tuple[Gate, ...])
_NOBODY = {
    "all": "no user of the window has both a history and a target",
    "new": "no user of the window has both a history and a target that is not in it",
}


def write_gates(gates: Sequence[Gate], folder: Path) -> None:
    """Write the verdicts beside the blessing."""
    (folder / _FILE).write_bytes(_ADAPTER.dump_json(tuple(gates), indent=2))


def read_gates(folder: Path) -> tuple[Gate, ...]:
    """Read what `write_gates` wrote.

    Raises:
        OSError: The file is not there any more.
    """
    return _ADAPTER.validate_json((folder / _FILE).read_bytes())


def export_gate(check: ExportCheck) -> Gate:
    """Whether the exported model can be served, and answers as before it was saved."""
    batches = ", ".join(map(str, check.batches))
    ops = f"{check.ops} ops, all in TensorFlow Serving"
    calls = f"{check.calls} calls with batches of {batches} equal to {TOLERANCE:g}"
    loaded = f"{check.size / 1e6:.0f} MB, loaded in {check.load_seconds:.1f} s"
    return Gate("export", not check.failure, check.failure or f"{ops}; {calls}; {loaded}")


def catalogue_gates(result: WindowResult, settings: EvaluationConfig) -> Iterator[Gate]:
    """The gates on the full-catalogue metrics of a window."""
    yield popularity_gate(result, settings)
    if result.last_blessed is not None and settings.maximum_drop is not None:
        yield last_blessed_gate(result, settings)
    if result.last_blessed is not None and settings.doubt_window:
        yield from window_gate(result, settings)
    for threshold in settings.thresholds:
        yield threshold_gate(result, threshold)
    for gap in result.gaps:
        if gap.largest_allowed is not None:
            yield fairness_gate(result, gap)
    yield from missing_fairness_gates(result, settings)


def popularity_gate(result: WindowResult, settings: EvaluationConfig) -> Gate:
    """Whether the model's NDCG over all items is far enough above most popular."""
    metric = f"NDCG@{settings.cutoffs[0]}"
    above = ThresholdConfig(metric=metric, above=MOST_POPULAR, margin=settings.minimum_lift_over_popular)
    return threshold_gate(result, above)


def last_blessed_gate(result: WindowResult, settings: EvaluationConfig) -> Gate:
    """Whether the model is not clearly worse than the last blessed one on the same users."""
    metric, other = f"NDCG@{settings.cutoffs[0]}", str(result.last_blessed)
    name = f"{metric}, all items, {result.name} window, against {other}"
    ours, theirs = (result.table.row(model, "all").metrics[metric] for model in (SERVED_MODEL, other))
    if ours is None or theirs is None:
        return Gate(name, False, _NOBODY["all"])
    return _drop_gate(name, ours, theirs, settings.maximum_drop or 0.0, _test(result.tests, other, metric))


def window_gate(result: WindowResult, settings: EvaluationConfig) -> Iterator[Gate]:
    """Whether the window can be believed: a model that was blessed still does better than most popular, or may.

    A model that learned from a poisoned span is not worse than the last blessed one on that span: both know nothing of
    what is random. What tells is that the last blessed model has lost what it could do. No gate without an interval.
    """
    metric, other = f"NDCG@{settings.cutoffs[0]}", str(result.last_blessed)
    row = result.table.row(other, "all")
    value, interval = row.metrics[metric], row.intervals.get(metric)
    popular = result.table.row(MOST_POPULAR, "all").metrics[metric]
    if value is None or interval is None or popular is None:
        return
    name = f"{metric}, all items, {result.name} window, {other} against {MOST_POPULAR}"
    reason = f"{value:.4f}, 95 % interval from {interval[0]:.4f} to {interval[1]:.4f}, against {popular:.4f}"
    # A shop may bless models below most popular; then no more than that is to be expected.
    passed = interval[1] >= popular * (1 + min(settings.minimum_lift_over_popular, 0.0))
    doubt = "; the data of this window contradict the model that was blessed: look at them first, or set doubt_window"
    advice = "" if passed else f"{doubt}: false"
    yield Gate(name, passed, reason + advice)


def search_gates(searches: Sequence[SearchQuality], settings: EvaluationConfig) -> Iterator[Gate]:
    """Whether the model searches as well as BM25 on the same searches; no gate for a window without any."""
    if settings.maximum_search_loss is None:
        return
    metric = f"NDCG@{settings.cutoffs[0]}"
    for found in searches:
        if found.window == EVAL:
            name = f"{metric}, {found.kind}, {found.window} window, against {BM25_NAME}"
            ours, theirs = (found.table.row(model, "all").metrics[metric] for model in (SERVED_MODEL, BM25_NAME))
            test = _test(found.tests, BM25_NAME, metric)
            gate = _drop_gate(name, ours or 0.0, theirs or 0.0, settings.maximum_search_loss, test)
            if test is None and not gate.passed:
                gate = Gate(name, True, f"{gate.reason}, but there are too few searches to tell it from chance")
            yield gate


def off_policy_gates(check: OffPolicyCheck | None, settings: EvaluationConfig) -> Iterator[Gate]:
    """Whether the feedback log, if it can tell, has nothing against the model; no gate without a log."""
    if check is None or settings.maximum_off_policy_loss is None:
        return
    name = f"off-policy value of {check.policy}, against what was shown"
    if check.result is None:
        yield Gate(name, True, "the log cannot tell: it has no slate from after the training window")
        return
    result, allowed = check.result, settings.maximum_off_policy_loss * abs(check.result.logged_value)
    bounds = OffPolicySettings(minimum_effective_sample_size=settings.minimum_effective_sample_size)
    weak = weak_support(result.diagnostics, bounds)
    if weak or result.difference_interval is None:
        yield Gate(name, True, f"the log cannot tell: {'; '.join(weak) or 'the difference has no interval'}")
        return
    low, high = result.difference_interval
    reason = f"the difference lies between {low:+.6g} and {high:+.6g}, from {-allowed:+.6g} on is allowed"
    yield Gate(name, low >= -allowed, reason)


def threshold_gate(result: WindowResult, threshold: ThresholdConfig) -> Gate:
    """Whether one metric of the model is within its bound."""
    name = f"{threshold.metric}, {threshold.items} items, {result.name} window"
    value = _metric(result, SERVED_MODEL, threshold)
    if value is None:
        return Gate(name, False, _no_value(result, SERVED_MODEL, threshold))
    if threshold.at_most is not None:
        return Gate(name, value <= threshold.at_most, f"{value:.4f} against at most {threshold.at_most:.4f}")
    if threshold.at_least is not None:
        return Gate(name, value >= threshold.at_least, f"{value:.4f} against at least {threshold.at_least:.4f}")
    baseline = _metric(result, str(threshold.above), threshold)
    if baseline is None:
        return Gate(name, False, _no_value(result, str(threshold.above), threshold))
    # A margin asks for more even where the metric is negative, as a popularity lift can be.
    needed = baseline + threshold.margin * abs(baseline)
    reason = f"{value:.4f} against more than {needed:.4f} ({threshold.above} {baseline:.4f})"
    return Gate(name, value > needed, reason)


def fairness_gate(result: WindowResult, gap: FairnessGap) -> Gate:
    """Whether the groups of one dimension are served alike enough."""
    name = f"{gap.kind} gap of {gap.dimension}, {gap.metric}, {result.name} window"
    groups = f"{gap.best_label} {gap.best:.4f}, {gap.worst_label} {gap.worst:.4f}"
    return Gate(name, gap.passed, f"{gap.gap:.4f} against at most {gap.largest_allowed:.4f} ({groups})")


def missing_fairness_gates(result: WindowResult, settings: EvaluationConfig) -> Iterator[Gate]:
    """A failing gate for every gap that is to be judged and could not be measured."""
    measured = {(gap.dimension, gap.kind) for gap in result.gaps}
    dimensions = dict.fromkeys(score.dimension for score in result.slices)
    reasons = {
        "quality": f"fewer than two groups have at least {settings.smallest_slice} users",
        "exposure": "there are no two groups of items that are shown and wanted",
    }
    for asked in settings.fairness:
        reasons_here = reasons
        if asked.dimension not in dimensions:
            unknown = f"there are no slices by {asked.dimension}, only by {', '.join(dimensions) or 'nothing'}"
            reasons_here = dict.fromkeys(reasons, unknown)
        for kind, limit in (("quality", asked.quality), ("exposure", asked.exposure)):
            if limit is not None and (asked.dimension, kind) not in measured:
                yield Gate(f"{kind} gap of {asked.dimension}, {result.name} window", False, reasons_here[kind])


def _test(tests: Sequence[PairedTest], other: str, metric: str) -> PairedTest | None:
    return next((test for test in tests if (test.other, test.items, test.metric) == (other, "all", metric)), None)


def _drop_gate(name: str, ours: float, theirs: float, allowed: float, test: PairedTest | None) -> Gate:
    """Whether a value is not clearly below another one by more than the allowed share."""
    reason = f"{ours:.4f} against {theirs:.4f}"
    if ours >= theirs * (1 - allowed):
        return Gate(name, True, f"{reason}, within a drop of {allowed:.1%}")
    drop = f"{reason}: a drop of {1 - ours / theirs:.1%}, {allowed:.1%} is allowed"
    if test is None:
        return Gate(name, False, drop)
    interval = f"95 % interval of the difference from {test.low:+.4f} to {test.high:+.4f}"
    if test.high < 0:
        return Gate(name, False, f"{drop}; {interval}")
    return Gate(name, True, f"{drop}, but it may be chance; {interval}")


def _no_value(result: WindowResult, model: str, threshold: ThresholdConfig) -> str:
    if result.table.users(threshold.items) == 0:
        return _NOBODY[threshold.items]
    return f"{threshold.metric} of {model} has no value for this shop"


def _metric(result: WindowResult, model: str, threshold: ThresholdConfig) -> float | None:
    return result.table.row(model, threshold.items).metrics.get(threshold.metric)
