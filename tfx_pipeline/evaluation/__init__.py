"""Evaluation over the full catalogue at a cut in time, beside the baselines that every model has to beat."""

from tfx_pipeline.evaluation.baselines import buy_again, distinct_users_per_item, most_popular
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import RankingScores, metric_names, score_rankings
from tfx_pipeline.evaluation.predictions import write_predictions
from tfx_pipeline.evaluation.protocol import (
    EvaluationRow,
    EvaluationTable,
    Ranker,
    baseline_rankers,
    evaluate_models,
)
from tfx_pipeline.evaluation.ragged import Ragged

__all__ = [
    "EvaluationCases",
    "EvaluationRow",
    "EvaluationTable",
    "Ragged",
    "Ranker",
    "RankingScores",
    "baseline_rankers",
    "buy_again",
    "distinct_users_per_item",
    "evaluate_models",
    "metric_names",
    "most_popular",
    "score_rankings",
    "write_predictions",
]
