"""How every model would have done on a log of what was shown."""

from tfx_pipeline.evaluate.results import ImpressionScore
from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, ratio_intervals
from tfx_pipeline.evaluation.impressions import Impressions, score_impressions
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings


def score_all_impressions(
    evaluation: Evaluation, impressions: Impressions, settings: EvaluationSettings
) -> tuple[ImpressionScore, ...]:
    """Score what every model ranked, all items allowed, on the same impressions.

    Args:
        evaluation: What the models ranked.
        impressions: What was shown to the users of these cases.
        settings: Bootstrap.
    """
    scores = []
    for name in evaluation.table.models:
        cases, ranked = evaluation.ranked[name, "all"]
        ratios = score_impressions(ranked.items, impressions, evaluation.table.cutoffs)
        intervals: dict[str, tuple[float, float] | None] = dict.fromkeys(ratios)
        if settings.rounds and len(cases) > 1:
            intervals = ratio_intervals(ratios, bootstrap_counts(len(cases), settings.rounds, settings.seed))
        scores.append(ImpressionScore(name, {metric: ratio.value for metric, ratio in ratios.items()}, intervals))
    return tuple(scores)
