"""What the users who are most like the user of a case bought, of late and ever."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import keep_strongest

# Above this the cosine can only be that of a user with the very same purchases: the user of the case.
_SAME_USER = 0.9999


@dataclass(frozen=True)
class UserNeighboursSource(Source):
    """Neighbours by users (Herlocker et al. 1999) with items weighted by rarity (Breese et al. 1998, section 2.1.1).

    An item of a user weighs min(1, sum over its events of exp(-age / 365 days)) log((U + 1) / (u_i + 1)) with u_i its
    users of all U. With s(v) the cosine between the user of the case and v, over the `count` users with the largest
    ones,

    - `neighbours_recent`: the sum over the neighbours of s(v) min(1, sum over the item's events of v of
      exp(-age / recent_days));
    - `neighbours_ever`: the sum of s(v) over those that bought the item.

    Attributes:
        count: Neighbours.
        recent_days: Age in days at which a purchase of a neighbour counts 1/e.
    """

    count: int = 200
    recent_days: float = 30.0

    def fit(self, past: Past, seed: int) -> "FittedUserNeighbours":
        """Weigh the items of every user."""
        buyers = past.sequences.owners_per_item()
        ever = _bought(past, np.inf)
        rarity = np.log((ever.shape[0] + 1) / (buyers + 1)).astype(np.float32)
        profiles = _unit(_bought(past, 365.0) @ sp.diags(rarity))
        return FittedUserNeighbours(self, rarity, profiles, _bought(past, self.recent_days), ever)


@dataclass(frozen=True, eq=False)
class FittedUserNeighbours(FittedSource):
    """What U users bought.

    Attributes:
        settings: Neighbours.
        rarity: Weight of each item; float32 [V].
        profiles: Weighted items of each user, of unit length; float32 [U, V], CSR.
        recent: Recent items of each user; float32 [U, V], CSR.
        ever: All items of each user; float32 [U, V], CSR.
    """

    settings: UserNeighboursSource
    rarity: NDArray[np.float32]
    profiles: sp.csr_matrix
    recent: sp.csr_matrix
    ever: sp.csr_matrix

    def scores(self, cases: EvaluationCases) -> Columns:
        """The sums over the neighbours; see `UserNeighboursSource`."""
        asked = _unit(history_matrix(cases, Recency(365.0, 1.0), ceiling=1.0) @ sp.diags(self.rarity))
        cosines = (asked @ self.profiles.T).tocsr()
        cosines.data[cosines.data > _SAME_USER] = 0
        cosines.sort_indices()
        near = keep_strongest(cosines, self.settings.count)
        return {
            "neighbours_recent": (near @ self.recent).toarray(),
            "neighbours_ever": (near @ self.ever).toarray(),
        }


def _bought(past: Past, days: float) -> sp.csr_matrix:
    """min(1, sum over the events of exp(-age / days)) of every user and item; float32 [U, V], CSR."""
    _, users = np.unique(past.users, return_inverse=True)
    weights = np.exp(-past.known_ages / days).astype(np.float32)
    matrix = sp.csr_matrix((weights, (users, past.items)), shape=(users.max(initial=-1) + 1, past.shop.item_count))
    np.minimum(matrix.data, 1, out=matrix.data)
    return matrix


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return (sp.diags((1 / np.maximum(lengths, 1e-6)).astype(np.float32)) @ matrix).tocsr()
