"""A served model that is asked to search: a stranger with a query and no history."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.number_format import format_count
from trainer.progress import report_progress

Search = Callable[[Sequence[str], int], Iterable[Sequence[tuple[str, float]]]]
"""`search(queries, k)` gives item ids and scores for each query, best first, at most k of them."""

_BATCH = 64


class SearchRanker:
    """Asks with the queries of the cases, batch by batch."""

    def __init__(self, search: Search, data: EvaluationData, texts: SearchTexts) -> None:
        """Take what answers, the catalogue, and the queries."""
        self._search, self._texts = search, texts
        self._row_of = {item: row for row, item in enumerate(data.item_ids)}
        self._unknown = 0

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The answers; an item outside the catalogue leaves its list, and later ones move up.

        Raises:
            ServingError: A model server cannot be reached or refuses.
        """
        items = np.full((len(cases), k), PAD, np.int32)
        scores = np.full((len(cases), k), -np.inf, np.float32)
        queries = self._texts.queries_of(cases)
        for start in range(0, len(queries), _BATCH):
            asked = queries[start : start + _BATCH]
            for place, slate in enumerate(self._search(asked, k), start=start):
                known = [(self._row_of[item], score) for item, score in slate if item in self._row_of]
                self._unknown += len(slate) - len(known)
                items[place, : len(known)] = [row for row, _ in known]
                scores[place, : len(known)] = [score for _, score in known]
            report_progress("queries answered", start + len(asked), len(queries))
        return Rankings(items, scores)

    def notes(self) -> list[str]:
        """What of the answers did not fit the catalogue."""
        if not self._unknown:
            return []
        return [f"{format_count(self._unknown)} found items are not in the catalogue and left their lists"]
