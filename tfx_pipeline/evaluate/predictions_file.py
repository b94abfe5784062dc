"""Ranked lists of a file as a model: anything that ranks can be evaluated."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.evaluate.case_table import CASE
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import PAD, Rankings, without_history
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError

_WANTED = (
    WantedColumn("user_id", (CASE.name, "session_id")),
    WantedColumn("item_id"),
    WantedColumn("rank"),
    WantedColumn("score", required=False),
)


@dataclass(frozen=True, eq=False)
class PredictionsFile:
    """P ranked items, ordered by user and rank.

    Attributes:
        path: The file.
        user_ids: User or case of each row; [P] strings.
        item_ids: Item of each row; [P] strings.
        scores: Score of each row; [P] float32. None where the file has none.
    """

    path: Path
    user_ids: pa.Array
    item_ids: pa.Array
    scores: NDArray[np.float32] | None


def read_predictions(path: Path) -> PredictionsFile:
    """Read `user_id` (or `case_id`), `item_id`, `rank` (1 is best) and, where it is there, `score`.

    Raises:
        DataError: A column is missing, a rank is no whole number from 1 on, or a user has a rank or an item twice.
    """
    file = TableFile(path, _WANTED)
    users, items, ranks = file.ids("user_id"), file.ids("item_id"), file.numbers("rank")
    wrong = np.flatnonzero((ranks < 1) | (ranks != np.floor(ranks)))
    if len(wrong):
        raise file.error(int(wrong[0]), f"rank is {ranks[wrong[0]]:g}, a whole number from 1 on is needed")
    user_numbers = users.dictionary_encode().indices.to_numpy().astype(np.int64)
    _check_once(file, user_numbers, np.unique(ranks, return_inverse=True)[1], users, "rank", ranks)
    _check_once(file, user_numbers, items.dictionary_encode().indices.to_numpy(), users, "item", items)
    order = np.lexsort((ranks, user_numbers))
    scores = file.numbers("score")[order].astype(np.float32) if file.has("score") else None
    return PredictionsFile(path, users.take(pa.array(order)), items.take(pa.array(order)), scores)


def _check_once(
    file: TableFile,
    users: NDArray[np.int64],
    values: NDArray[np.int64],
    user_ids: pa.Array,
    kind: str,
    shown: pa.Array | NDArray[np.float64],
) -> None:
    keys = users * (int(values.max()) + 1) + values
    _, first = np.unique(keys, return_index=True)
    if len(first) < len(keys):
        is_repeated = np.ones(len(keys), bool)
        is_repeated[first] = False
        index = int(np.flatnonzero(is_repeated)[0])
        value = f"{shown[index]:g}" if kind == "rank" else shown[index].as_py()
        raise file.error(index, f"user {user_ids[index].as_py()!r} has {kind} {value} twice")


class PredictionsRanker:
    """Ranks as a file says.

    An item outside the catalogue leaves its list, and so does an item of the history where only new ones are asked
    for; the later ones move up. A user whom the file does not name gets an empty list.
    """

    def __init__(self, predictions: PredictionsFile, catalogue: pa.Array) -> None:
        """Take the lists; `catalogue` has the ids of the items by row, [V] strings."""
        self._path = predictions.path
        rows = pc.index_in(predictions.item_ids, value_set=catalogue)
        known = pc.is_valid(rows)
        self.unknown_items = len(rows) - int(pc.sum(known).as_py() or 0)
        self.user_ids = predictions.user_ids.filter(known)
        self._rows = rows.filter(known).to_numpy().astype(np.int32)
        scores = predictions.scores
        self._scores = None if scores is None else scores[known.to_numpy(zero_copy_only=False)]
        self._users = set(pc.unique(predictions.user_ids).to_pylist())

    def notes(self, cases: EvaluationCases) -> list[str]:
        """What of the file does not fit the cases."""
        unknown_users = self._users - set(cases.user_ids)
        without = sum(user not in self._users for user in cases.user_ids)
        counts = {
            "ranked items are not in the catalogue and left their lists": self.unknown_items,
            "users are not among the cases and were not read": len(unknown_users),
            "users have no list and count with 0": without,
            "ranked items are of the user's history: for new items they leave, and nothing takes their place": (
                self._known_items(cases)
            ),
        }
        return [f"{self._path}: {format_count(count)} {what}" for what, count in counts.items() if count]

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The first k items of each list."""
        ranked = self._lists(cases)
        if new_only:
            ranked = without_history(ranked, cases)
        width = max(0, k - ranked.items.shape[1])
        items = np.pad(ranked.items, ((0, 0), (0, width)), constant_values=PAD)[:, :k]
        if ranked.scores is None:
            return Rankings(items)
        return Rankings(items, np.pad(ranked.scores, ((0, 0), (0, width)), constant_values=-np.inf)[:, :k])

    def _known_items(self, cases: EvaluationCases) -> int:
        ranked = self._lists(cases)
        return int((ranked.items != PAD).sum() - (without_history(ranked, cases).items != PAD).sum())

    def _lists(self, cases: EvaluationCases) -> Rankings:
        """The whole lists, as long as the longest."""
        owners = pc.index_in(self.user_ids, value_set=pa.array(cases.user_ids, pa.string()))
        asked = pc.is_valid(owners).to_numpy(zero_copy_only=False)
        owner_rows = owners.filter(pa.array(asked)).to_numpy().astype(np.int64)
        counts = np.bincount(owner_rows, minlength=len(cases))
        order = np.argsort(owner_rows, kind="stable")
        column = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        items = np.full((len(cases), int(counts.max(initial=0))), PAD, np.int32)
        items[owner_rows[order], column] = self._rows[asked][order]
        if self._scores is None:
            return Rankings(items)
        scores = np.full(items.shape, -np.inf, np.float32)
        scores[owner_rows[order], column] = self._scores[asked][order]
        return Rankings(items, scores)


def check_some_user(ranker: PredictionsRanker, path: Path, cases: EvaluationCases) -> None:
    """Refuse a file that names none of the users who are asked about.

    Raises:
        DataError: It is so.
    """
    asked = pc.is_in(ranker.user_ids, value_set=pa.array(cases.user_ids, pa.string()))
    if not pc.any(asked).as_py():
        example = cases.user_ids[0]
        raise DataError(f"{path}: none of its users is among the {len(cases)} cases, of which one is {example!r}")
