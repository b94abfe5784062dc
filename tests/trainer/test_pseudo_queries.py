import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.pseudo_queries import answers_query, draw_query


@pytest.mark.parametrize("title", ["", "1 oz", "12345 2%", "a of to"])
def test_a_title_without_long_words_gives_no_query(title: str) -> None:
    assert draw_query(title, np.random.default_rng(0)) == ""


def test_queries_are_consecutive_words_of_the_title() -> None:
    random = np.random.default_rng(0)
    drawn = {draw_query("Crème Brûlée 500 OZ dessert, Vanilla", random) for _ in range(200)}
    assert drawn == {
        *("crème", "brûlée", "dessert", "vanilla"),
        *("crème brûlée", "brûlée dessert", "dessert vanilla"),
    }


def test_longest_limits_the_words() -> None:
    random = np.random.default_rng(0)
    lengths = {len(draw_query("one two three four five", random, longest=4).split()) for _ in range(200)}
    assert lengths == {1, 2, 3, 4}


@given(st.text(max_size=40), st.integers(0, 2**32))
def test_a_title_answers_its_own_query(title: str, seed: int) -> None:
    query = draw_query(title, np.random.default_rng(seed))
    assert answers_query(np.array([title], dtype=object), query).tolist() == [True]


def test_an_answer_has_all_words_whole() -> None:
    titles = np.array(["Whole Milk", "milk", "whole milky bar", "milk, whole!", ""], dtype=object)
    assert answers_query(titles, "whole milk").tolist() == [True, False, False, True, False]
    assert answers_query(titles, "").tolist() == [True] * 5
    assert answers_query(titles[:0], "milk").dtype == bool
