import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import BM25
from tfx_pipeline.evaluation.baselines.bm25 import words

DOCUMENTS = ["Red shoe, red lace", "blue shoe", "", "Green hat with a red band"]


def by_hand(query: str, k1: float, b: float) -> list[float]:
    tokens = [words(text) for text in DOCUMENTS]
    average = sum(map(len, tokens)) / len(tokens)
    scores = []
    for document in tokens:
        score = 0.0
        for word in set(words(query)):
            containing = sum(word in other for other in tokens)
            idf = math.log(1 + (len(tokens) - containing + 0.5) / (containing + 0.5))
            frequency = document.count(word)
            if frequency:
                score += idf * frequency * (k1 + 1) / (frequency + k1 * (1 - b + b * len(document) / average))
        scores.append(score)
    return scores


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (2.0, 0.0), (0.5, 1.0)])
@pytest.mark.parametrize("query", ["red", "RED shoe", "shoe shoe blue", "a green band with hats"])
def test_scores_are_those_of_the_formula(query: str, k1: float, b: float) -> None:
    found = BM25(k1, b).fit(DOCUMENTS).search([query], 4)
    expected = by_hand(query, k1, b)
    order = [item for item in np.argsort(-np.array(expected), kind="stable") if expected[item] > 0]
    assert [item for item in found.items[0] if item >= 0] == order
    np.testing.assert_allclose(found.scores[0, : len(order)], [expected[item] for item in order], rtol=1e-6)


def test_only_documents_with_a_word_of_the_query_are_found() -> None:
    found = BM25().fit(DOCUMENTS).search(["purple", "", "blue"], 2)
    assert found.items.tolist() == [[-1, -1], [-1, -1], [1, -1]]
    assert found.scores[0].tolist() == [-np.inf, -np.inf]


def test_many_queries_are_searched_as_one_by_one() -> None:
    index = BM25().fit(DOCUMENTS)
    queries = ["red", "blue shoe", "hat"] * 200
    together = index.search(queries, 3).items
    assert together.tolist() == [index.search([query], 3).items[0].tolist() for query in queries[:3]] * 200


def test_equal_documents_keep_their_order() -> None:
    assert BM25().fit(["same", "same", "same"]).search(["same"], 2).items.tolist() == [[0, 1]]


def test_nothing_to_search() -> None:
    assert BM25().fit([]).search(["red"], 2).items.tolist() == [[-1, -1]]
    assert BM25().fit(DOCUMENTS).search([], 2).items.shape == (0, 2)
    with pytest.raises(ValueError, match="k is 0, expected at least 1"):
        BM25().fit(DOCUMENTS).search(["red"], 0)


def test_words() -> None:
    assert words("SPP6 Relay/Capacitor, 500% «Größe»") == ["spp6", "relay", "capacitor", "500", "größe"]
