"""A generated shop for timing an evaluation: vectors, histories, targets, categories. It says nothing of quality."""

from dataclasses import dataclass, replace

import numpy as np

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.item_slices import cold_items, popularity_deciles
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.evaluation.slicing import Slicing, slice_by_item
from tfx_pipeline.evaluation.top_k import top_k_of_vectors
from tfx_pipeline.evaluation.user_slices import activity_deciles

_WIDTH, _HISTORY, _TARGETS, _CATEGORIES = 64, 50, 10, 30


@dataclass(frozen=True, eq=False)
class GeneratedShop:
    """Users whose vectors lie near some of their targets.

    Attributes:
        queries: Query vectors, float32 [U, 64].
        items: Item vectors, float32 [V, 64].
        cases: Histories of 50 items and up to 10 targets a user, drawn by a power law of popularity.
        facts: Popularity, categories and the item vectors.
    """

    queries: np.ndarray
    items: np.ndarray
    cases: EvaluationCases
    facts: ItemFacts

    @classmethod
    def draw(cls, users: int, items: int, seed: int) -> "GeneratedShop":
        """Draw a shop; equal seeds give equal shops."""
        random = np.random.default_rng(seed)
        shares = 1.0 / np.arange(1, items + 1)
        rows = random.choice(items, (users, _HISTORY + _TARGETS), p=shares / shares.sum()).astype(np.int32)
        history, targets = rows[:, :_HISTORY], rows[:, _HISTORY:]
        names = [f"user {number}" for number in range(users)]
        cases = EvaluationCases.from_lists(names, history.tolist(), targets.tolist(), items)
        vectors = random.normal(size=(items, _WIDTH)).astype(np.float32)
        noise = random.normal(size=(users, _WIDTH)).astype(np.float32)
        pairs = np.unique(np.repeat(np.arange(users), _HISTORY) * items + history.ravel())
        popularity = np.bincount(pairs % items, minlength=items).astype(np.float64)
        groups = random.integers(_CATEGORIES, size=items).astype(np.int32)
        facts = ItemFacts(popularity, users, groups, vectors)
        return cls(vectors[targets[:, 0]] * 0.5 + noise, vectors, cases, facts)

    @property
    def item_ids(self) -> list[str]:
        """A name for every item."""
        return [f"item {row}" for row in range(len(self.items))]

    @property
    def first_targets(self) -> np.ndarray:
        """Row of one target of each user, int32 [U]."""
        return self.cases.targets.values[self.cases.targets.offsets[:-1]]

    @property
    def with_first_targets(self) -> EvaluationCases:
        """The cases with that one target."""
        offsets = np.arange(len(self.cases) + 1, dtype=np.int64)
        return replace(self.cases, targets=Ragged(self.first_targets, offsets))

    def ranker(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank all items by their dot product with the user's vector."""
        rows = np.array([int(user.removeprefix("user ")) for user in cases.user_ids])
        return top_k_of_vectors(self.queries[rows], self.items, k, cases.history if new_only else None)

    def slicings(self, cases: EvaluationCases) -> list[Slicing]:
        """Slices by activity and popularity."""
        labels = {"item popularity": popularity_deciles(self.facts), "cold and warm items": cold_items(self.facts)}
        return [activity_deciles(cases), *(slice_by_item(name, each, cases) for name, each in labels.items())]
