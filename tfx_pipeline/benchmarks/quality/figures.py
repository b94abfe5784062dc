"""The figures of the quality benchmark: the mean over seeds, beside the simple models on the same cases."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.quality.halves import halved_rankings
from tfx_pipeline.benchmarks.quality.learn import learned_rankers
from tfx_pipeline.benchmarks.quality.settings import QualitySettings, read_settings
from tfx_pipeline.benchmarks.quality.snapshot import Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.sources.errors import DataError

SETTINGS_FOLDER = Path(__file__).parents[3] / "benchmarks" / "quality"
UNIT = "mean over cases"

Scores = Mapping[str, float]


def task_figures(task: QualityTask, data_dir: Path) -> Iterator[Figure]:
    """Learn and measure one data set.

    Args:
        task: What to measure.
        data_dir: The folder of real data.
    """
    say(f"quality on {task.name}")
    wanted = {**task.targets, **dict.fromkeys(task.times_baseline, 0.0)}
    try:
        data = task.load(data_dir)
    except DataError as error:
        for metric, target in wanted.items():
            yield Figure.absent(f"{task.name}: {metric}", UNIT, target, str(error))
        return
    settings = read_settings(SETTINGS_FOLDER / f"{task.settings}.yaml")
    measure = measured_test if data.learning else measured_halves
    baselines, ours = measure(data, settings, task, list(wanted))
    yield from _baseline_figures(task, baselines)
    yield from _our_figures(task, settings, baselines, ours)


def measured_test(
    data: QualityData, settings: QualitySettings, task: QualityTask, metrics: Sequence[str]
) -> tuple[dict[str, Scores], list[Scores]]:
    """Means over the test of each baseline, and of ours for each seed."""
    cases = asked_cases(data.test.cases, task)
    new_only, longest = task.items == "new", _longest(metrics)
    baselines: dict[str, Scores] = {
        name: means(ranker(cases, longest, new_only), cases, metrics) for name, ranker in data.baselines.items()
    }
    rankers = learned_rankers(data, settings, new_only)
    return baselines, [means(ranker(cases, longest, new_only), cases, metrics) for ranker in rankers]


def measured_halves(
    data: QualityData, settings: QualitySettings, task: QualityTask, metrics: Sequence[str]
) -> tuple[dict[str, Scores], list[Scores]]:
    """Means over the halves that were not learned from: of each baseline over all seeds, and of ours for each seed."""
    cases = asked_cases(data.test.cases, task)
    new_only, longest = task.items == "new", _longest(metrics)
    halves = list(halved_rankings(Snapshot(data.test.past, cases), settings, new_only, longest))
    baselines: dict[str, Scores] = {}
    for name, ranker in data.baselines.items():
        ranked = ranker(cases, longest, new_only)
        each = [means(ranked.take(half), cases.take(half), metrics) for half, _ in halves]
        baselines[name] = {metric: float(np.mean([scores[metric] for scores in each])) for metric in metrics}
    return baselines, [means(ranked, cases.take(half), metrics) for half, ranked in halves]


def means(rankings: Rankings, cases: EvaluationCases, metrics: Sequence[str]) -> Scores:
    """The mean of each metric over the cases."""
    cutoffs = sorted({int(metric.split("@")[1]) for metric in metrics})
    scores = score_rankings(rankings.items, cases, cutoffs)
    return {metric: float(scores.means[metric] or 0.0) for metric in metrics}


def _longest(metrics: Sequence[str]) -> int:
    return max(int(metric.split("@")[1]) for metric in metrics)


def asked_cases(cases: EvaluationCases, task: QualityTask) -> EvaluationCases:
    """The cases with a target that counts."""
    if task.items == "new":
        return cases.new_only()[0]
    return cases.take(np.flatnonzero(cases.targets.lengths))


def _baseline_figures(task: QualityTask, baselines: Mapping[str, Scores]) -> Iterator[Figure]:
    for name, scores in baselines.items():
        for metric, value in scores.items():
            yield Figure.shown(f"{task.name}, {name}: {metric}", value, UNIT, f"the same cases; {task.protocol}")


def _our_figures(
    task: QualityTask, settings: QualitySettings, baselines: Mapping[str, Scores], ours: Sequence[Scores]
) -> Iterator[Figure]:
    for metric in ours[0]:
        values = [scores[metric] for scores in ours]
        target, against = _target(task, baselines, metric)
        spread = ", ".join(f"{value:.4f}" for value in values)
        seeds = f"seeds {settings.seeds[: len(values)]}: {spread}" if len(values) > 1 else "nothing in it is random"
        how = f"mean of {len(values)}, {seeds}; {against}; benchmarks/quality/{task.settings}.yaml; {task.protocol}"
        yield Figure.at_least(f"{task.name}: {metric}", float(np.mean(values)), UNIT, target, how)


def _target(task: QualityTask, baselines: Mapping[str, Scores], metric: str) -> tuple[float, str]:
    """What a metric has to reach, and what that stands beside."""
    name, best = max(((name, scores[metric]) for name, scores in baselines.items()), key=lambda each: each[1])
    beside = f"the best simple model here is {name}, {best:.4f}"
    if metric in task.times_baseline:
        times, of = task.times_baseline[metric], task.times_of or name
        return times * baselines[of][metric], f"the target is {times:g} times {of}; {beside}"
    return task.targets[metric], beside
