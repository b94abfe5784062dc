import numpy as np
import pytest

from trainer.text_training.inverse_cloze import inverse_cloze_pairs
from trainer.text_training.search_evaluation import mean_reciprocal_rank, scaled_sum
from trainer.text_training.search_pairs import SearchPairs


def test_the_best_answer_of_a_query_counts() -> None:
    scores = np.array([[3, 2, 1, 0], [3, 2, 1, 0], [1, 1, 1, 1], [0, 0, 2, 3]], np.float32)
    pairs = SearchPairs.of(["a", "a", "b", "c"], [2, 1, 2, 0])
    score = mean_reciprocal_rank(lambda first, last: scores[first:last], pairs)
    assert score == pytest.approx((1 / 2 + 1 / 3 + 1 / 3) / 3)
    assert mean_reciprocal_rank(lambda first, last: scores[first:last], pairs, 2) == pytest.approx(1 / 6)


def test_many_queries_are_ranked_in_parts() -> None:
    random = np.random.default_rng(0)
    scores, own = random.random((700, 30)), random.integers(0, 30, 700)
    ranks = 1 + (scores > scores[np.arange(700), own][:, np.newaxis]).sum(axis=1)
    pairs = SearchPairs.of([str(row) for row in range(700)], own)
    expected = np.where(ranks <= 10, 1 / ranks, 0).mean()
    assert mean_reciprocal_rank(lambda first, last: scores[first:last], pairs) == pytest.approx(expected)


def test_scores_are_scaled_for_each_query_before_they_are_added() -> None:
    first = np.array([[0, 5, 10], [3, 3, 3]], np.float32)
    second = np.array([[0.2, 0.1, 0.1], [0.5, 0.0, 1.0]], np.float32)
    both = scaled_sum(lambda start, end: first[start:end], lambda start, end: second[start:end])
    np.testing.assert_allclose(both(0, 2), [[1, 0.5, 1], [0.5, 0, 1]], rtol=1e-5)
    np.testing.assert_allclose(both(1, 2), [[0.5, 0, 1]], rtol=1e-5)


def test_no_pairs() -> None:
    with pytest.raises(ValueError, match="^no held-out pairs to measure the mean reciprocal rank on$"):
        mean_reciprocal_rank(lambda first, last: np.zeros((0, 1)), SearchPairs.of([], []))


def test_inverse_cloze_queries_are_neighbouring_words_of_their_document() -> None:
    documents = ["Heavy-duty staples for the Staple Gun", "short text", "", "one two three four five six seven eight"]
    pairs = inverse_cloze_pairs(documents, 30, np.random.default_rng(0))
    assert len(pairs) == 30
    assert set(pairs.documents) == {0, 3}
    for query, row in zip(pairs.queries, pairs.documents, strict=True):
        assert 2 <= len(query.split()) <= 6
        assert query in documents[row].lower().replace("-", " ")
    assert len(inverse_cloze_pairs(documents[1:3], 5, np.random.default_rng(0))) == 0
