from collections.abc import Sequence

import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import EvaluationSettings
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.search_cases import KNOWN_ITEM, SearchCases
from tfx_pipeline.search_quality import measure_search

DOCUMENTS = ["red mug", "oak table", "oak chair", "green tea"]


class Fixed:
    """Gives one answer to every query."""

    def __init__(self, *items: int) -> None:
        self._items, self.asked = items, []

    def search(self, queries: Sequence[str], k: int) -> Rankings:
        self.asked += queries
        row = (*self._items, *[PAD] * k)[:k]
        return Rankings(np.array([row] * len(queries), np.int32), None)


def searches(*pairs: tuple[str, int]) -> SearchCases:
    names = [str(number) for number in range(len(pairs))]
    cases = EvaluationCases.from_lists(names, [[]] * len(pairs), [[row] for _, row in pairs], len(DOCUMENTS))
    return SearchCases(KNOWN_ITEM, [query for query, _ in pairs], cases)


def test_the_model_and_bm25_answer_the_same_queries() -> None:
    asked = searches(("mug", 0), ("oak chair", 2), ("tea", 3), ("nothing of the kind", 1))
    served = Fixed(0, 2)
    found = measure_search("eval", served, asked, DOCUMENTS, [1, 2], EvaluationSettings(rounds=50, seed=1))
    assert found is not None
    assert (found.window, found.kind, found.queries) == ("eval", KNOWN_ITEM, 4)
    assert served.asked == asked.queries
    ours, words = (found.table.row(model, "all").metrics for model in ("shoprank", "BM25"))
    assert ours["MRR@2"] == pytest.approx((1 + 1 / 2) / 4)
    assert words["MRR@2"] == pytest.approx(3 / 4)
    (test,) = [test for test in found.tests if test.metric == "HR@2"]
    assert (test.other, test.difference) == ("BM25", pytest.approx(-1 / 4))


def test_a_window_without_searches() -> None:
    assert measure_search("eval", Fixed(), searches(), DOCUMENTS, [1], EvaluationSettings(rounds=0, seed=1)) is None
