"""Evaluation over the full catalogue at a cut in time, beside the baselines that every model has to beat."""

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.metrics import RankingScores, metric_names, score_rankings
from tfx_pipeline.evaluation.predictions import write_predictions
from tfx_pipeline.evaluation.probabilities import ProbabilityScores, score_probabilities
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings, evaluate_models
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Ranker, Rankings
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.evaluation.top_k import top_k, top_k_of_vectors

__all__ = [
    "Evaluation",
    "EvaluationCases",
    "EvaluationRow",
    "EvaluationSettings",
    "EvaluationTable",
    "Interactions",
    "ItemFacts",
    "ProbabilityScores",
    "Ragged",
    "Ranker",
    "RankingScores",
    "Rankings",
    "evaluate_models",
    "metric_names",
    "score_probabilities",
    "score_rankings",
    "top_k",
    "top_k_of_vectors",
    "write_predictions",
]
