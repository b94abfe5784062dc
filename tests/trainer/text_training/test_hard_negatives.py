import numpy as np

from trainer.text_training.hard_negatives import NONE, draw_negatives, hard_candidates, lexical_scores
from trainer.text_training.search_pairs import Answers, SearchPairs

DOCUMENTS = ["whole milk", "skimmed milk", "rye bread", "white bread", "green soap"]
PAIRS = SearchPairs.of(["milk", "white bread", "cheese"], [0, 3, 4])
SCORES = np.array([[0.9, 0.8, 0.1, 0.2, 0.3], [0.1, 0.0, 0.7, 0.9, 0.2], [0.5, 0.4, 0.3, 0.2, 0.1]], np.float32)


def scores(first: int, last: int) -> np.ndarray:
    return SCORES[first:last]


def test_candidates_are_the_best_that_do_not_answer() -> None:
    answers = Answers(PAIRS, DOCUMENTS)
    assert hard_candidates(scores, answers, 3).tolist() == [[NONE, 1, 4], [NONE, 2, 4], [0, 1, 2]]
    assert hard_candidates(scores, answers, 3, skipped=1).tolist() == [[1, 4], [2, 4], [1, 2]]
    assert hard_candidates(scores, answers, 9).shape == (3, 5)
    assert hard_candidates(scores, answers, 5)[1].tolist() == [NONE, 2, 4, 0, NONE]


def test_bm25_finds_documents_with_words_of_the_query() -> None:
    found = hard_candidates(lexical_scores(PAIRS.queries, DOCUMENTS), Answers(PAIRS, DOCUMENTS), 2)
    assert found.tolist() == [[NONE, 1], [NONE, 2], [NONE, NONE]]


def test_negatives_are_drawn_from_the_candidates_first() -> None:
    candidates = np.array([[NONE, 7, 3, 5], [NONE, NONE, 9, NONE], [NONE, NONE, NONE, NONE]])
    seen: list[set[int]] = [set(), set(), set()]
    for seed in range(40):
        drawn = draw_negatives(candidates, 2, 20, np.random.default_rng(seed))
        assert drawn.shape == (3, 2)
        assert len(set(drawn[0])) == 2
        assert 9 in drawn[1]
        for row, values in enumerate(drawn):
            seen[row] |= set(values.tolist())
    assert seen[0] == {7, 3, 5}
    assert len(seen[2]) > 10
    assert draw_negatives(candidates, 6, 20, np.random.default_rng(0)).shape == (3, 6)
