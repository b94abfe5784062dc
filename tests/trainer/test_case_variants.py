from typing import Any

import numpy as np
import pytest

from trainer.case_variants import Variant, case_variants
from trainer.catalogue import Catalogue
from trainer.mining import Cases, cases_of
from trainer.pseudo_queries import answers_query


@pytest.fixture(scope="module")
def cases(make_events: Any) -> Cases:
    """Nine users with one past and one coming purchase each; the last buys the item without a title."""
    bought = [0, 1, 2, 3, 4, 5, 6, 7, 11]
    examples = [(user, [(8, 0, 1, False), (item, 0, 2, True)]) for user, item in enumerate(bought)]
    asked_at = np.full(len(bought), 2)
    return cases_of(make_events(examples), 2, 12, objectives={"purchase": [0]}, text_size=5, asked_at=asked_at)


def encode(texts: list[str]) -> np.ndarray:
    """A unit vector that tells the length of the text."""
    return np.eye(5)[[len(text) % 5 for text in texts]]


@pytest.fixture(scope="module")
def variants(cases: Cases, catalogue: Catalogue) -> list[Variant]:
    return case_variants(cases, catalogue, encode, unknown_user=50, seed=3)


def test_which_cases_are_in_which_situation(variants: list[Variant], cases: Cases) -> None:
    assert variants[0].cases is cases
    assert [variant.new_only for variant in variants] == [False, True, False, False, False]
    numbers = [variant.cases.numbers.tolist() for variant in variants]
    assert numbers == [list(range(9)), list(range(9)), [0, 2, 4, 6, 8], [1, 3, 5, 7], [0, 4, 8]]


def test_strangers_are_strangers(variants: list[Variant]) -> None:
    for number, variant in enumerate(variants):
        stranger = number in (3, 4)
        assert (variant.cases.users == 50).all() == stranger
        assert (variant.cases.history == -1).all() == stranger
        assert (variant.cases.ages == -1).all() == stranger


def test_queries_are_of_what_was_bought_and_have_their_vector(variants: list[Variant], catalogue: Catalogue) -> None:
    titles = dict(zip(range(9), catalogue.titles[[0, 1, 2, 3, 4, 5, 6, 7, 11]], strict=True))
    for variant in variants[2:4]:
        for number, query, vector in zip(
            variant.cases.numbers, variant.cases.queries, variant.cases.texts, strict=True
        ):
            assert bool(query) == bool(titles[number])
            assert answers_query(np.array([titles[number]]), query).all()
            np.testing.assert_array_equal(vector, encode([query])[0] if query else np.zeros(5))
    for variant in (variants[0], variants[1], variants[4]):
        assert not variant.cases.texts.any()
        assert set(variant.cases.queries) == {""}
    assert {variant.cases.texts.dtype for variant in variants} == {np.dtype(np.float32)}


def test_the_seed_decides_the_queries(variants: list[Variant], cases: Cases, catalogue: Catalogue) -> None:
    again, other = (case_variants(cases, catalogue, encode, 50, seed)[2].cases.queries.tolist() for seed in (3, 4))
    assert again == variants[2].cases.queries.tolist()
    assert again != other
