"""The simple model of shops that log several behaviours: what the user wanted comes first, then what is near to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import scipy.sparse as sp

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.sources.user_items import case_users, user_items
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import co_purchase_cosines

# Items of equal cosines go by popularity.
_TIE_BREAK = 1e-4


@dataclass(frozen=True, eq=False)
class BehaviourRanker(ScoringRanker):
    """Evidence for item i: the sum of its cosines with all items of the user, above that of all others if it is wanted.

    Attributes:
        own: Items of each user, whatever the behaviour; float32 [U, V], CSR.
        wanted: Items that come first; float32 [U, V], CSR.
        cosines: Cosines of items by their users; float32 [V, V], CSR.
    """

    own: sp.csr_matrix
    wanted: sp.csr_matrix
    cosines: sp.csr_matrix

    def evidence(self, cases: EvaluationCases) -> sp.csr_matrix:
        """The sums; [C, V] float32, CSR."""
        users = case_users(cases)
        near = self.own[users] @ self.cosines
        known = (near + self.wanted[users] * (near.data.max(initial=0.0) + 1)).tocsr()
        tie_break = _TIE_BREAK * popularity_share(self.popularity)
        known.data += tie_break[known.indices].astype(known.dtype)
        return known


def behaviour_rankers(past: Past, wanted: Sequence[str]) -> dict[str, BehaviourRanker]:
    """The simple models of a past.

    Args:
        past: The events.
        wanted: Event types by which a user shows to want an item.

    Returns:
        Name -> the model with the wanted items first, and without.
    """
    own = user_items(past, past.shop.event_types)
    first, nothing = user_items(past, wanted), sp.csr_matrix(own.shape, dtype=own.dtype)
    cosines = co_purchase_cosines(own, past.shop.item_count)
    users = popularity(past.interactions)
    names = {f"own {' and '.join(wanted)} first, then cosine on all behaviours": first}
    names["cosine on all behaviours"] = nothing
    return {name: BehaviourRanker(users, own, items, cosines) for name, items in names.items()}
