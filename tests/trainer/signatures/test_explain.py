"""The contract of the signature `explain`."""

from typing import Any

import numpy as np
import pytest

from trainer.explanations import FEATURE_COUNT, SIMILAR_COUNT

ITEMS = ["milk-1", "soap-1", "gone", "", "text-1"]
MILK, SOAP, UNKNOWN, PAD, NO_TITLE = range(len(ITEMS))
INNER = {
    "sources": (),
    "utility": (),
    "feature_names": (FEATURE_COUNT,),
    "feature_values": (FEATURE_COUNT,),
    "feature_contributions": (FEATURE_COUNT,),
    "similar_history_item_ids": (SIMILAR_COUNT,),
    "similar_history_scores": (SIMILAR_COUNT,),
    "matching_words": (),
    "times_chosen": (),
    "days_since_chosen": (),
}


@pytest.mark.parametrize("count", [1, 7])
def test_shapes_and_kinds(ask: Any, count: int) -> None:
    users = ["anna", "nobody", "", "bert", "anna", "anna", "bert"][:count]
    answers = ask("explain", user_id=users, candidate_item_ids=[ITEMS] * count)
    assert {name: value.shape for name, value in answers.items()} == {
        name: (count, len(ITEMS), *inner) for name, inner in INNER.items()
    }
    for name, value in answers.items():
        assert value.dtype == object or np.isfinite(value).all(), name
        assert all(item in (b"", 0) for item in value[:, PAD].ravel()), name


def test_a_batch_answers_as_its_rows_do(ask: Any) -> None:
    users, queries = ["anna", "nobody", "bert"], ["milk", "", "soap and milk"]
    together = ask("explain", user_id=users, query=queries, candidate_item_ids=[ITEMS] * 3)
    for row, (user, query) in enumerate(zip(users, queries, strict=True)):
        alone = ask("explain", user_id=[user], query=[query], candidate_item_ids=[ITEMS])
        for name, value in alone.items():
            if value.dtype == object:
                assert value[0].tolist() == together[name][row].tolist(), name
            else:
                np.testing.assert_allclose(value[0], together[name][row], atol=1e-5, err_msg=name)


def test_what_is_said_of_a_known_user(ask: Any) -> None:
    answers = ask("explain", user_id=["anna"], query=["cold milk"], candidate_item_ids=[ITEMS])
    assert answers["sources"][0].tolist()[:4] == [b"history", b"history", b"", b""]
    assert answers["times_chosen"][0].tolist() == [2, 1, 0, 0, 0]
    np.testing.assert_allclose(answers["days_since_chosen"][0], [4, 0, 0, 0, 0], atol=1e-5)
    assert answers["matching_words"][0].tolist() == [b"milk", b"", b"", b"", b""]
    for item, other in ((MILK, b"milk-1"), (SOAP, b"soap-1")):
        assert other not in answers["similar_history_item_ids"][0, item].tolist()
    assert set(answers["similar_history_item_ids"][0, UNKNOWN]) == {b""}


def test_a_query_brings_items_of_its_words(ask: Any) -> None:
    answers = ask("explain", user_id=["nobody"], query=["whole milk"], candidate_item_ids=[ITEMS])
    assert answers["sources"][0, MILK] == b"lexical"
    assert answers["matching_words"][0, MILK] == b"whole milk"
    assert answers["sources"][0, NO_TITLE] in (b"ann", b"popular")
    assert not answers["times_chosen"].any()


def test_it_says_what_rank_says(ask: Any) -> None:
    asked = {"user_id": ["anna", ""], "query": ["", "milk"], "candidate_item_ids": [ITEMS] * 2}
    utility = ask("rank", **asked)["utility"]
    np.testing.assert_allclose(ask("explain", **asked)["utility"], utility, atol=1e-6)
    assert utility[0, MILK] != 0


def test_features_differ_by_item_the_strongest_first(ask: Any) -> None:
    answers = ask("explain", user_id=["anna"], candidate_item_ids=[ITEMS])
    strength = np.abs(answers["feature_contributions"])
    assert (strength[..., :-1] >= strength[..., 1:]).all()
    named = answers["feature_names"] != b""
    np.testing.assert_array_equal(named, strength > 0)
    assert named[0, MILK].any()
    # What is equal for all candidates of a request explains none of them.
    assert not {b"has_query", b"history_length", b"days_since_any"} & set(answers["feature_names"].ravel())


def test_an_explanation_does_not_depend_on_its_neighbours_in_the_request(ask: Any) -> None:
    together = ask("explain", user_id=["anna"], candidate_item_ids=[ITEMS])
    alone = ask("explain", user_id=["anna"], candidate_item_ids=[["soap-1"]])
    for name, value in alone.items():
        if value.dtype == object:
            assert value[:, 0].tolist() == together[name][:, SOAP].tolist(), name
        else:
            np.testing.assert_allclose(value[0, 0], together[name][0, SOAP], atol=1e-6, err_msg=name)
