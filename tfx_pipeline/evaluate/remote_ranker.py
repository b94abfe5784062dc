"""A model server as a model: it is asked over gRPC, as a shop asks it."""

import numpy as np

from serving.client import ShopRankClient, Slate
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.number_format import format_count
from trainer.progress import report_progress

_BATCH = 64


class RemoteRanker:
    """Asks a server with the histories of the cases, batch by batch, by the greedy policy."""

    def __init__(self, client: ShopRankClient, data: EvaluationData) -> None:
        """Take a connection, and what the rows and numbers of the cases stand for."""
        self._client, self._length = client, data.history_length
        self._item_ids, self._event_types = data.item_ids, data.event_type_names
        self._row_of = {item: row for row, item in enumerate(data.item_ids)}
        self._unknown = 0

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The slates of `recommend`; an item outside the catalogue leaves its list, and later ones move up.

        Raises:
            ServingError: The server cannot be reached or refuses.
        """
        items = np.full((len(cases), k), PAD, np.int32)
        scores = np.full((len(cases), k), -np.inf, np.float32)
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            for place, slate in enumerate(self._recommend(part, k, new_only), start=start):
                known = [(row, item.score) for item in slate.items if (row := self._row(item.item_id)) != PAD][:k]
                items[place, : len(known)] = [row for row, _ in known]
                scores[place, : len(known)] = [score for _, score in known]
            report_progress("users answered by the model server", start + len(part), len(cases))
        return Rankings(items, scores)

    def score(self, cases: EvaluationCases, candidates: Ragged) -> Ragged:
        """The utility of given items, by `rank`; C lists to C lists of float32.

        Raises:
            ServingError: The server cannot be reached or refuses.
        """
        parts = []
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            asked = candidates.take(np.arange(start, start + len(part)))
            histories = _named(part.history, self._item_ids, self._length)
            answers = self._client.rank(part.user_ids, _named(asked, self._item_ids), history_item_ids=histories)
            parts += [answer.utility for answer in answers]
        return Ragged(np.concatenate(parts).astype(np.float32), candidates.offsets)

    def notes(self) -> list[str]:
        """What of the answers did not fit the catalogue."""
        if not self._unknown:
            return []
        return [f"{format_count(self._unknown)} recommended items are not in the catalogue and left their lists"]

    def _recommend(self, cases: EvaluationCases, k: int, new_only: bool) -> list[Slate]:
        kinds, excluded = None, None
        if cases.event_types is not None:
            kinds = _named(cases.event_types, self._event_types, self._length)
        if new_only:
            excluded = [list(dict.fromkeys(items)) for items in _named(cases.history, self._item_ids)]
        return self._client.recommend(
            cases.user_ids,
            history_item_ids=_named(cases.history, self._item_ids, self._length),
            history_event_types=kinds,
            exclude_item_ids=excluded,
            k=k,
            policies=["greedy"] * len(cases),
            seeds=[0] * len(cases),
        )

    def _row(self, item_id: str) -> int:
        row = self._row_of.get(item_id, PAD)
        self._unknown += row == PAD
        return row


def _named(lists: Ragged, names: np.ndarray, length: int | None = None) -> list[list[str]]:
    """The names of the last `length` values of each list, or of all."""
    first = 0 if length is None else -length
    return [names[lists.row(index)[first:]].tolist() for index in range(len(lists))]
