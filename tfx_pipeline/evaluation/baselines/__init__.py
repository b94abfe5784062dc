"""The baselines that every model has to beat: small, learned in seconds, and good."""

from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.baselines.buy_again import BuyAgain
from tfx_pipeline.evaluation.baselines.buy_again_recency import BuyAgainRecency
from tfx_pipeline.evaluation.baselines.ease import EASE
from tfx_pipeline.evaluation.baselines.implicit_als import ImplicitALS
from tfx_pipeline.evaluation.baselines.item_knn import ItemKNN
from tfx_pipeline.evaluation.baselines.most_popular import MostPopular
from tfx_pipeline.evaluation.baselines.popularity import distinct_users_per_item
from tfx_pipeline.evaluation.baselines.recent_popular import RecentPopular
from tfx_pipeline.evaluation.baselines.registry import (
    BASELINES,
    BUY_AGAIN,
    MOST_POPULAR,
    QUICK,
    Baseline,
    baseline_rankers,
)
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.baselines.transitions import Transitions

__all__ = [
    "BASELINES",
    "BM25",
    "BUY_AGAIN",
    "EASE",
    "MOST_POPULAR",
    "QUICK",
    "Baseline",
    "BuyAgain",
    "BuyAgainRecency",
    "ImplicitALS",
    "ItemKNN",
    "MostPopular",
    "RecentPopular",
    "ScoringRanker",
    "Transitions",
    "baseline_rankers",
    "distinct_users_per_item",
]
