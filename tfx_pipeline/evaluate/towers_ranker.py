"""The Keras towers alone as a ranker: dot products of a query with every item, without index, ranker or policy."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.evaluation.top_k import top_k_of_vectors
from trainer.retrieval_package import RetrievalPackage

_BATCH = 256


class TowersRanker:
    """Ranks all items of the retrieval package that the catalogue has too."""

    def __init__(self, folder: Path, item_ids: np.ndarray, user_ids: Sequence[str] | None) -> None:
        """Load a retrieval package.

        Args:
            folder: Where it is.
            item_ids: Ids by the rows that the cases use, str [V].
            user_ids: The users that the towers know, by row; None takes everybody for a stranger with a history.
        """
        package = RetrievalPackage.load(folder)
        self._towers, self._length = package.towers, package.users.items.shape[1]
        self._stranger = len(package.users.items) - 1
        self._row_of_user = {user: row for row, user in enumerate(user_ids or ())}
        place = {item: row for row, item in enumerate(item_ids)}
        self._row_in_catalogue = np.array([place.get(item, PAD) for item in package.catalogue.item_ids], np.int32)
        known = np.flatnonzero(self._row_in_catalogue != PAD)
        self._row_in_package = np.full(len(item_ids), PAD, np.int32)
        self._row_in_package[self._row_in_catalogue[known]] = known
        # In the order of the catalogue, so that equal scores keep that order.
        self._ranked_rows = np.flatnonzero(self._row_in_package != PAD).astype(np.int32)
        self._items = package.preferences()[self._row_in_package[self._ranked_rows]]

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank by the dot product of the unit vectors."""
        queries = self.queries(cases)
        excluded = None
        if new_only:
            place = np.full(cases.item_count, PAD, np.int32)
            place[self._ranked_rows] = np.arange(len(self._ranked_rows))
            places = Ragged(place[cases.history.values], cases.history.offsets)
            excluded = places.keep(places.values != PAD)
        best = top_k_of_vectors(queries, self._items, k, excluded)
        items = np.where(best.items == PAD, PAD, self._ranked_rows[best.items])
        return Rankings(items.astype(np.int32), best.scores)

    def queries(self, cases: EvaluationCases) -> np.ndarray:
        """Query vectors of the cases; float32 [C, D]."""
        rows = self._row_in_package[cases.history.values]
        history = _latest(Ragged(rows, cases.history.offsets).keep(rows != PAD), self._length)
        ages = np.zeros(history.shape, np.float32)
        if cases.ages is not None:
            ages = _latest(cases.ages.keep(rows != PAD), self._length)
        users = np.array([self._row_of_user.get(user, self._stranger) for user in cases.user_ids])
        parts = [
            self._embed(*(values[start : start + _BATCH] for values in (users, history, ages)))
            for start in range(0, len(cases), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self._items.shape[1]), np.float32)

    def _embed(self, users: np.ndarray, history: np.ndarray, ages: np.ndarray) -> np.ndarray:
        known = history >= 0
        batch = {
            "users": users,
            "history": history,
            "visible": known[:, None, :],
            "days": np.where(known, -ages, 0).astype(np.float32),
            "target_days": np.zeros((len(users), 1), np.float32),
        }
        vectors = self._towers.embed_queries({name: ops.convert_to_tensor(part) for name, part in batch.items()})
        embedded: np.ndarray = keras.ops.convert_to_numpy(vectors)[:, 0, :]
        return embedded


def _latest(lists: Ragged, length: int) -> np.ndarray:
    """The last values of each list as a table, oldest first, -1 behind them; [C, length]."""
    skipped = np.maximum(lists.lengths - length, 0)
    column = np.arange(len(lists.values)) - np.repeat(lists.offsets[:-1] + skipped, lists.lengths)
    table = np.full((len(lists), length), PAD, lists.values.dtype)
    table[lists.owners[column >= 0], column[column >= 0]] = lists.values[column >= 0]
    return table
