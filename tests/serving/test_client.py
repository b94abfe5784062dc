"""Every method of the client against a real server with a tiny servable."""

import socket
import time

import numpy as np
import pytest

from serving.client import (
    Explanation,
    FeatureEffect,
    RankedItem,
    Ranking,
    ScoredItem,
    ServingError,
    ShopRankClient,
    Signature,
    SlatePropensities,
)

USERS = ["Zoë", "用户"]
HISTORY = [["Käse", "茶", "a"], ["b"]]
TYPES = [["view", "cart", "view"], ["purchase"]]
ONE, NONE = "Käse,茶|food > tea|2.5|nan", "||nan|nan"
"""Titles of the tiny servable repeat the filters: only these, category, lowest and highest price."""


@pytest.fixture(scope="module")
def client(server):
    with ShopRankClient(server.target) as connected:
        yield connected


def test_recommend_gives_slates_without_padding(client):
    slates = client.recommend(
        USERS,
        history_item_ids=HISTORY,
        history_event_types=TYPES,
        queries=["milk", ""],
        exclude_item_ids=[["茶"], []],
        allow_item_ids=[["Käse", "茶"], []],
        categories=["food > tea", ""],
        lowest_prices=[2.5, None],
        highest_prices=[None, 4],
        k=4,
        policies=["thompson", ""],
        seeds=[0, 3],
    )
    assert slates[0].items == [
        RankedItem("Käse", 4.0, 1.0, "view", 0.5, 8.0, [4.0, 1.0], ONE),
        RankedItem("茶", 1.0, 0.0, "cart", 0.5, 2.0, [1.0, 1.0], ONE),
        RankedItem("a", 1.0, 1.0, "view", 0.5, 2.0, [1.0, 1.0], ONE),
    ]
    assert slates[1].items == [RankedItem("b", 1.0, 0.25, "purchase", 0.5, 2.0, [1.0, 1.0], ",||nan|4.0")]
    assert [slate.policy for slate in slates] == ["thompson", "greedy"]
    assert [slate.seed for slate in slates] == [0, 3]
    [drawn] = client.recommend(["u"], history_item_ids=[["a"]])
    assert drawn.items[0].propensity == pytest.approx(1 / (1 + drawn.seed))
    assert [slate.request_id for slate in slates] == ["Zoë|milk|thompson", "用户||"]
    assert [slate.model_version for slate in slates] == ["1", "1"]


def test_recommend_cuts_at_k_and_takes_no_history(client):
    assert [len(slate.items) for slate in client.recommend(USERS, history_item_ids=HISTORY, k=2)] == [2, 1]
    assert [slate.items for slate in client.recommend(USERS)] == [[], []]


def test_seeds_differ_between_requests_and_rows(client):
    slates = client.recommend(USERS, history_item_ids=[["a"], ["a"]]) + client.recommend(
        ["u"], history_item_ids=[["a"]]
    )
    assert len({slate.items[0].propensity for slate in slates}) == 3


def test_propensities_of_slates_of_different_lengths(client):
    first, second = client.propensities(USERS, [["a", "bb"], ["c"]], k=2, seeds=[0, 3])
    assert first == SlatePropensities(["a", "bb"], [1.0, 1.0], [2.0, 2.0], [1.0, 2.0], [0.25, 0.25])
    assert second == SlatePropensities(["c"], [0.25], [0.5], [1.0], [0.25, 0.25])
    with pytest.raises(ValueError, match=r"^candidate_item_ids: 1 rows, the batch has 2$"):
        client.propensities(USERS, [["x"]])


def test_rank_gives_every_objective_in_the_order_of_the_candidates(client):
    first, second = client.rank(USERS, [["x", "yyy"], []])
    assert first == Ranking(
        ["x", "yyy"],
        pytest.approx([0.3, 0.9]),
        {"click": pytest.approx([0.1, 0.3]), "purchase": pytest.approx([0.05, 0.15])},
    )
    assert second == Ranking([], [], {"click": [], "purchase": []})


def test_explain_says_nothing_of_the_padding(client):
    first, second = client.explain(
        ["u", "v"],
        [["Käse", "茶"], ["other"]],
        history_item_ids=[["Käse", "Käse"], []],
        history_ages=[[4, 0.5], []],
        queries=["oak table", "oak"],
    )
    assert first == [
        Explanation(
            item_id="Käse",
            source="history",
            utility=5.0,
            features=[FeatureEffect("Käse", 5.0, -5.0)],
            similar_history=[ScoredItem("Käse", 5.0)],
            matching_words=["oak", "table"],
            times_chosen=2,
            days_since_chosen=4.5,
        ),
        Explanation("茶", "", 3.0, [FeatureEffect("茶", 3.0, -3.0)], [ScoredItem("Käse", 3.0)], [], 0, None),
    ]
    assert second == [Explanation("other", "", 5.0, [FeatureEffect("other", 5.0, -5.0)], [], [], 0, None)]


def test_explain_checks_its_arguments(client):
    with pytest.raises(ValueError, match=r"^candidate_item_ids: 1 rows, the batch has 2$"):
        client.explain(USERS, [["x"]])
    assert client.explain(["u"], [[]]) == [[]]
    assert client.explain([], []) == []


def test_retrieve_and_similar_items(client):
    assert client.retrieve(["u", "v"], history_item_ids=[["ab"], []], k=3) == [[ScoredItem("ab", 2.0, NONE)], []]
    similar = client.similar_items(["i"], titles=["Toast"], k=2)
    assert similar == [[ScoredItem("i", 1.0, NONE), ScoredItem("Toast", 5.0, NONE)]]
    assert client.similar_items(titles=["Toast"], k=1) == [[]]


def test_filters_reach_every_signature_that_searches_the_catalogue(client):
    filters = {"allow_item_ids": [["b", "c"]], "categories": ["shoes"], "lowest_prices": [1], "highest_prices": [1]}
    shown = "b,c|shoes|1.0|1.0"
    for answer in (
        client.recommend(["u"], history_item_ids=[["a"]], **filters)[0].items,
        client.retrieve(["u"], history_item_ids=[["a"]], exclude_item_ids=[["z"]], **filters)[0],
        client.similar_items(["a"], exclude_item_ids=[["z"]], **filters)[0],
    ):
        assert [item.title for item in answer] == [shown]
    assert client.propensities(["u"], [["a"]], seeds=[0], **filters)[0].propensities == [1.0]


def test_a_lowest_price_above_the_highest_never_reaches_the_server(client):
    with pytest.raises(ValueError, match=r"^lowest_prices: row 1 has 3, its highest price is 2.5$"):
        client.recommend(USERS, lowest_prices=[None, 3], highest_prices=[1, 2.5])


def test_ages_of_the_history_reach_every_signature_that_takes_a_history(client):
    asked = {"history_item_ids": HISTORY, "history_ages": [[30.5, 2, np.float32(0.25)], [1]]}
    slates = client.recommend(USERS, **asked, k=3)
    assert [[item.score for item in slate.items] for slate in slates] == [[34.5, 3.0, 1.25], [2.0]]
    [[first, _, _], _] = client.retrieve(USERS, **asked, k=3)
    assert (first.item_id, first.score) == ("Käse", 5 + 30.5)
    assert client.rank(USERS, [["x"], ["x"]], **asked)[1].utility == [pytest.approx(3 * 1.1)]
    assert [vector[2] for vector in client.embed_query(USERS, **asked)] == [32.75, 1.0]


def test_an_age_that_is_none_never_reaches_the_server(client):
    with pytest.raises(ValueError, match=r"^history_ages: row 1 has -1, a number of days from 0 on is needed$"):
        client.retrieve(USERS, history_item_ids=HISTORY, history_ages=[[1, 2, 3], [-1]])


def test_vectors(client):
    assert client.embed_query(["abc"], queries=["milk"]) == [[3.0, 4.0, 0.0]]
    assert client.embed_item(titles=["a", "b"], prices=[2.5, None]) == [[0.0, 2.5], [1.0, 0.0]]


def test_an_empty_batch_has_an_empty_answer(client):
    assert client.recommend([]) == []
    assert client.rank([], []) == []
    assert client.embed_item([]) == []


def test_status_and_metadata(client):
    assert [(one.version, one.state, one.error) for one in client.status()] == [(1, "AVAILABLE", "")]
    signatures = client.metadata()
    assert {"recommend", "rank", "explain", "retrieve", "similar_items", "embed_query", "embed_item"} < set(signatures)
    assert not [name for name in signatures if name.startswith("__")]
    assert signatures["embed_query"] == Signature(
        ("history_ages", "history_event_types", "history_item_ids", "query", "user_id"), ("vectors",)
    )


def test_a_wrong_argument_never_reaches_the_server(client):
    with pytest.raises(ValueError, match=r"^queries: 1 rows, the batch has 2$"):
        client.recommend(USERS, queries=["milk"])


def test_another_model_name_is_one_clear_line(server):
    with ShopRankClient(server.target, model_name="other") as other, pytest.raises(ServingError) as error:
        other.recommend(["u"])
    assert str(error.value) == f"{server.target}: NOT_FOUND: Servable not found for request: Latest(other)"
    assert error.value.code == "NOT_FOUND"


def test_no_server_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{taken.getsockname()[1]}"
    with ShopRankClient(target) as client, pytest.raises(ServingError) as error:
        client.status()
    assert str(error.value) == f"{target}: UNAVAILABLE: no model server can be reached there"


def test_a_server_that_does_not_answer_is_one_clear_line():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with ShopRankClient(target, timeout=0.3) as client, pytest.raises(ServingError) as error:
            client.status()
    assert time.monotonic() - started < 5
    assert str(error.value) == f"{target}: DEADLINE_EXCEEDED: no answer within 0.3 s"


def test_an_answer_without_the_expected_outputs_is_one_clear_line(client, monkeypatch):
    monkeypatch.setattr("serving.client.to_array", lambda tensor: np.zeros(1))
    monkeypatch.setattr("serving.answers._texts", lambda array: {}["item_ids"])
    with pytest.raises(ServingError, match=r"the answer of retrieve is not as expected: no output 'item_ids'$"):
        client.retrieve(["u"])
