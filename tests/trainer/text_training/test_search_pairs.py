import numpy as np
import pytest

from trainer.text_training.search_pairs import Answers, SearchPairs, joined, number_queries

PAIRS = SearchPairs.of(["milk", " Milk", "bread", "soap"], [0, 1, 2, 3], [1, 2, 1, 0.5])


def test_queries_are_told_apart_without_case_and_margins() -> None:
    numbers, count = number_queries(PAIRS.queries)
    assert count == 3
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    assert number_queries(np.zeros(0, object))[1] == 0


def test_parts_of_pairs() -> None:
    taken = PAIRS.take(np.array([3, 0]))
    assert taken.queries.tolist() == ["soap", "milk"]
    assert taken.documents.tolist() == [3, 0]
    assert taken.weights is not None
    assert taken.weights.tolist() == [0.5, 1]
    both = joined([SearchPairs.of(["a"], [7]), taken])
    assert both.weights is not None
    assert both.weights.tolist() == [1, 0.5, 1]
    assert joined([SearchPairs.of(["a"], [7])]).weights is None


def test_a_query_is_on_one_side_of_the_split() -> None:
    pairs = SearchPairs.of([f"query {number % 40}" for number in range(120)], list(range(120)))
    training, held_out = pairs.split(0.25, np.random.default_rng(0))
    assert len(held_out) == 30
    assert sorted([*training.documents, *held_out.documents]) == list(range(120))
    assert not set(training.queries) & set(held_out.queries)
    nothing = pairs.split(0.0, np.random.default_rng(0))[1]
    assert len(nothing) == 0
    assert len(SearchPairs.of(["one"], [0]).split(0.5, np.random.default_rng(0))[0]) == 1


def test_a_query_that_is_held_out_stays_so_among_others() -> None:
    queries = [f"query {number % 400}" for number in range(800)]
    pairs = SearchPairs.of(queries, list(range(800)))
    training, held_out = pairs.lasting_split(0.25)
    assert sorted([*training.documents, *held_out.documents]) == list(range(800))
    assert 60 < len(set(held_out.queries)) < 140
    later = SearchPairs.of([*(query.upper() for query in queries[200:]), *map(str, range(300))], list(range(900)))
    both = [{query.lower() for query in part.queries} for part in later.lasting_split(0.25)]
    assert not both[0] & set(held_out.queries) and not both[1] & set(training.queries)


def test_a_few_queries_have_one_on_each_side() -> None:
    two = SearchPairs.of(["one", "two", "one"], [0, 1, 2])
    for share in (1e-9, 1.0):
        training, held_out = two.lasting_split(share)
        assert (len(set(training.queries)), len(set(held_out.queries))) == (1, 1)
    assert len(two.lasting_split(0.0)[1]) == 0
    for few in (SearchPairs.of(["one"], [0]), SearchPairs.of([], [])):
        assert len(few.lasting_split(0.5)[1]) == 0


def test_limited_draws_without_replacement_and_keeps_the_order() -> None:
    pairs = SearchPairs.of([str(number) for number in range(50)], list(range(50)))
    few = pairs.limited(7, np.random.default_rng(0)).documents
    assert len(set(few)) == 7
    assert few.tolist() == sorted(few)
    assert pairs.limited(50, np.random.default_rng(0)) is pairs


def test_answers_are_those_of_any_pair_of_the_query_and_of_equal_texts() -> None:
    documents = ["whole milk", "skimmed milk", "rye bread", "soap", "whole milk"]
    answers = Answers(PAIRS, documents)
    table = answers.of_pairs(np.arange(4)[:, np.newaxis], np.arange(5))
    expected = [[1, 1, 0, 0, 1], [1, 1, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert table.astype(int).tolist() == expected


@pytest.mark.parametrize(
    ("documents", "weights", "line"),
    [
        ([0], None, "documents has 1 values for 2 queries"),
        ([0, 1], [1], "weights has 1 values for 2 queries"),
        ([0, 1], [1, -2], "weights must be finite and from 0 on, the smallest is -2.0"),
    ],
)
def test_pairs_that_cannot_be(documents: list[int], weights: list[float] | None, line: str) -> None:
    with pytest.raises(ValueError) as error:
        SearchPairs.of(["a", "b"], documents, weights)
    assert str(error.value) == line


def test_a_document_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="^pair 3 names document 3 of 3$"):
        Answers(PAIRS, ["a", "b", "c"])
