"""The baselines by name."""

from collections.abc import Iterable
from typing import Protocol

from tfx_pipeline.evaluation.baselines.buy_again import BuyAgain
from tfx_pipeline.evaluation.baselines.buy_again_recency import BuyAgainRecency
from tfx_pipeline.evaluation.baselines.ease import EASE
from tfx_pipeline.evaluation.baselines.implicit_als import ImplicitALS
from tfx_pipeline.evaluation.baselines.item_knn import ItemKNN
from tfx_pipeline.evaluation.baselines.most_popular import MostPopular
from tfx_pipeline.evaluation.baselines.recent_popular import RecentPopular
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.baselines.transitions import Transitions
from tfx_pipeline.evaluation.interactions import Interactions


class Baseline(Protocol):
    """What learns from the training window, and then ranks for any case."""

    def fit(self, interactions: Interactions) -> ScoringRanker:
        """Learn from the training window."""
        ...


MOST_POPULAR, BUY_AGAIN, EASE_NAME = "most popular", "buy again", "EASE"

BASELINES: dict[str, Baseline] = {
    MOST_POPULAR: MostPopular(),
    "recent popular": RecentPopular(),
    BUY_AGAIN: BuyAgain(),
    "buy again, recent": BuyAgainRecency(),
    "item-kNN": ItemKNN(),
    "transitions": Transitions(),
    EASE_NAME: EASE(),
    "iALS": ImplicitALS(),
}
"""Name -> baseline, with the settings that it is compared with."""

QUICK = ("most popular", "recent popular", "buy again", "buy again, recent")
"""Baselines that learn in no time and hardly cost anything to rank with."""


def baseline_rankers(
    interactions: Interactions, names: Iterable[str] | None = None, ease_items: int | None = None
) -> dict[str, ScoringRanker]:
    """Fit baselines.

    Args:
        interactions: The training window.
        names: Names of the baselines, in the order wanted; by default all of them.
        ease_items: Most bought items that EASE learns; its cost grows with their cube. By default as in `EASE`.

    Returns:
        Name -> ranker.

    Raises:
        ValueError: There is no such baseline.
    """
    chosen = list(BASELINES if names is None else names)
    for name in chosen:
        if name not in BASELINES:
            raise ValueError(f"there is no baseline {name!r}, only {', '.join(BASELINES)}")
    baselines = BASELINES if ease_items is None else {**BASELINES, EASE_NAME: EASE(items=ease_items)}
    return {name: baselines[name].fit(interactions) for name in chosen}
