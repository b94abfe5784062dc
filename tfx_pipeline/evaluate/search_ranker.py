"""A served model that is asked to search: a stranger with a query and no history."""

from collections.abc import Callable, Iterable, Sequence

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.named_answers import NamedAnswers
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Rankings
from trainer.progress import report_progress

Search = Callable[[Sequence[str], int], Iterable[Sequence[tuple[str, float]]]]
"""`search(queries, k)` gives item ids and scores for each query, best first, at most k of them."""

_BATCH = 64


class SearchRanker:
    """Asks with the queries of the cases, batch by batch."""

    def __init__(self, search: Search, data: EvaluationData, texts: SearchTexts) -> None:
        """Take what answers, the catalogue, and the queries."""
        self._search, self._texts = search, texts
        self._answers = NamedAnswers(data.item_ids)

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The answers; an item outside the catalogue leaves its list, and later ones move up.

        Raises:
            ServingError: A model server cannot be reached or refuses.
        """
        rankings = self._answers.empty(len(cases), k)
        queries = self._texts.queries_of(cases)
        for start in range(0, len(queries), _BATCH):
            asked = queries[start : start + _BATCH]
            self._answers.fill(rankings, start, self._search(asked, k))
            report_progress("queries answered", start + len(asked), len(queries))
        return rankings

    def notes(self) -> list[str]:
        """What of the answers did not fit the catalogue."""
        return self._answers.notes("found items")
