"""A model server as a model: it is asked over gRPC, as a shop asks it."""

import numpy as np

from serving.client import ShopRankClient, Slate
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.named_answers import NamedAnswers
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from trainer.progress import report_progress

_BATCH = 64


class RemoteRanker:
    """Asks a server with the histories of the cases, batch by batch, by the greedy policy."""

    def __init__(self, client: ShopRankClient, data: EvaluationData) -> None:
        """Take a connection, and what the rows and numbers of the cases stand for."""
        self._client, self._length = client, data.history_length
        self._item_ids, self._event_types = data.item_ids, data.event_type_names
        self._answers = NamedAnswers(data.item_ids)

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The slates of `recommend`; an item outside the catalogue leaves its list, and later ones move up.

        Raises:
            ServingError: The server cannot be reached or refuses.
        """
        rankings = self._answers.empty(len(cases), k)
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            slates = self._recommend(part, k, new_only)
            self._answers.fill(
                rankings, start, ([(item.item_id, item.score) for item in slate.items] for slate in slates)
            )
            report_progress("users answered by the model server", start + len(part), len(cases))
        return rankings

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
            answers = self._client.rank(
                part.user_ids,
                _named(asked, self._item_ids),
                history_item_ids=histories,
                history_event_types=self._kinds(part),
                history_ages=_ages(part, self._length),
            )
            parts += [answer.utility for answer in answers]
        return Ragged(np.concatenate(parts).astype(np.float32), candidates.offsets)

    def notes(self) -> list[str]:
        """What of the answers did not fit the catalogue."""
        return self._answers.notes("recommended items")

    def _kinds(self, cases: EvaluationCases) -> list[list[str]] | None:
        if cases.event_types is None:
            return None
        return _named(cases.event_types, self._event_types, self._length)

    def _recommend(self, cases: EvaluationCases, k: int, new_only: bool) -> list[Slate]:
        excluded = None
        if new_only:
            excluded = [list(dict.fromkeys(items)) for items in _named(cases.history, self._item_ids)]
        return self._client.recommend(
            cases.user_ids,
            history_item_ids=_named(cases.history, self._item_ids, self._length),
            history_event_types=self._kinds(cases),
            history_ages=_ages(cases, self._length),
            exclude_item_ids=excluded,
            k=k,
            policies=["greedy"] * len(cases),
            seeds=[0] * len(cases),
        )


def _ages(cases: EvaluationCases, length: int) -> list[list[float]] | None:
    """Days from the last `length` events of each case to its cut in time."""
    if cases.ages is None:
        return None
    return [cases.ages.row(index)[-length:].tolist() for index in range(len(cases))]


def _named(lists: Ragged, names: np.ndarray, length: int | None = None) -> list[list[str]]:
    """The names of the last `length` values of each list, or of all."""
    first = 0 if length is None else -length
    return [names[lists.row(index)[first:]].tolist() for index in range(len(lists))]
