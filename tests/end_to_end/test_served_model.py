"""The pushed model behind the local server, asked by the client."""

from typing import Any

import numpy as np
import pytest

from serving.client import ServingError, ShopRankClient


@pytest.fixture(scope="module")
def households(shop_run: Any) -> list[str]:
    return [str(user) for user in shop_run.events["household_id"].unique()[:7]]


@pytest.fixture(scope="module")
def items(shop_run: Any) -> list[str]:
    return [str(item) for item in shop_run.events["product_id"].value_counts().index[:20]]


def test_the_signatures_are_those_of_the_design(served: ShopRankClient) -> None:
    assert set(served.metadata()) == {
        "recommend", "propensities", "rank", "explain", "retrieve", "similar_items", "embed_query", "embed_item",
        "serving_default",
    }  # fmt: skip


def test_a_known_household_is_offered_what_it_buys(served: ShopRankClient, households: list[str]) -> None:
    slate = served.recommend(households[:1], k=10)[0]
    assert len(slate.items) == 10
    assert len({item.item_id for item in slate.items}) == 10
    assert "history" in {item.source for item in slate.items}
    assert [item.propensity for item in slate.items] == [1.0] * 10
    scores = [item.score for item in slate.items]
    assert scores == sorted(scores, reverse=True)


def test_an_explanation_has_the_source_and_the_history_of_what_is_recommended(
    served: ShopRankClient, households: list[str]
) -> None:
    [slate] = served.recommend(households[:1], queries=["milk"], k=10)
    shown = [item.item_id for item in slate.items]
    [found] = served.explain(households[:1], [shown], queries=["milk"])
    assert [one.source for one in found] == [item.source for item in slate.items]
    assert all(one.times_chosen > 0 for one in found if one.source == "history")
    assert any(one.matching_words == ["milk"] for one in found)
    assert any(one.similar_history for one in found)
    assert all(one.features for one in found)


def test_strangers_unknown_items_and_unknown_words_are_answered(served: ShopRankClient) -> None:
    assert len(served.recommend(["no such household"], k=5)[0].items) == 5
    assert len(served.recommend([""], queries=["qwertz xyzzy"], k=5)[0].items) == 5
    assert len(served.recommend([""], history_item_ids=[["no such item"]], k=5)[0].items) == 5
    assert len(served.similar_items(item_ids=["no such item"], k=5)[0]) == 5
    [[unknown]] = served.explain(["nobody"], [["no such item"]], queries=["qwertz"])
    assert (unknown.source, unknown.similar_history, unknown.matching_words) == ("", [], [])
    ranking = served.rank(["nobody"], [["no such item", ""]])[0]
    assert 0 < ranking.utility[0] < 1


def test_a_batch_answers_as_its_rows_do(served: ShopRankClient, households: list[str]) -> None:
    queries = ["", "milk", "", "bread", "", "", "milk"]
    together = served.recommend(households, queries=queries, k=5)
    for user, query, slate in zip(households, queries, together, strict=True):
        alone = served.recommend([user], queries=[query], k=5)[0]
        assert [item.item_id for item in slate.items] == [item.item_id for item in alone.items]
        np.testing.assert_allclose([i.score for i in slate.items], [i.score for i in alone.items], rtol=1e-4)


def test_thompson_gives_the_same_slate_for_the_same_seed(served: ShopRankClient, households: list[str]) -> None:
    def ask(seed: int) -> list[tuple[str, float]]:
        slate = served.recommend(households[:1], policies=["thompson"], seeds=[seed])[0]
        return [(item.item_id, item.propensity) for item in slate.items]

    assert ask(3) == ask(3)
    assert len({tuple(ask(seed)) for seed in range(20)}) > 1
    assert all(0 < propensity <= 1 for _, propensity in ask(3))


def test_excluded_items_are_not_offered(served: ShopRankClient, households: list[str]) -> None:
    first = [item.item_id for item in served.recommend(households[:1], k=10)[0].items]
    second = [item.item_id for item in served.recommend(households[:1], exclude_item_ids=[first], k=10)[0].items]
    assert len(second) == 10
    assert not set(first) & set(second)


def test_filters_leave_no_other_item(served: ShopRankClient, households: list[str], purchases: Any) -> None:
    products = purchases[1].assign(product_id=purchases[1]["product_id"].astype(str)).set_index("product_id")
    whole = served.recommend(households[:1], k=10)[0].items
    only = [whole[3].item_id, whole[7].item_id]
    found = served.recommend(households[:1], allow_item_ids=[only], k=10)[0].items
    assert sorted((item.item_id, item.title) for item in found) == sorted((item.item_id, item.title) for item in
                                                                          (whole[3], whole[7]))  # fmt: skip
    department = products.loc[whole[0].item_id, "department"]
    of_department = served.recommend(households[:1], categories=[department], queries=["milk"], k=10)[0].items
    assert len(of_department) == 10
    assert {products.loc[item.item_id, "department"] for item in of_department} == {department}
    assert served.recommend(households[:1], categories=["no such category"], k=10)[0].items == []


def test_a_given_history_replaces_the_stored_one(
    served: ShopRankClient, households: list[str], items: list[str]
) -> None:
    # All candidates: what was chosen five times a moment ago need not be wanted again at once.
    slate = served.recommend(households[:1], history_item_ids=[[items[-1]] * 5], k=500)[0]
    from_history = [item.item_id for item in slate.items if item.source == "history"]
    assert from_history == [items[-1]]


def test_search_finds_titles_with_the_words(served: ShopRankClient, shop_run: Any) -> None:
    from tfx_pipeline.titles import read_titles

    titles = read_titles(shop_run.model)
    found = served.retrieve([""], queries=["yogurt"], k=10)[0]
    assert sum("YOGURT" in titles[item.item_id] for item in found) >= 8


def test_similar_items_leave_out_the_item_itself(served: ShopRankClient, items: list[str]) -> None:
    similar = served.similar_items(item_ids=items[:2], k=5)
    for item, answers in zip(items, similar, strict=False):
        assert len(answers) == 5
        assert item not in {answer.item_id for answer in answers}


def test_vectors_have_length_one(served: ShopRankClient, households: list[str], items: list[str]) -> None:
    queries = np.array(served.embed_query(households[:2], queries=["", "milk"]))
    known = np.array(served.embed_item(item_ids=items[:2]))
    new = np.array(served.embed_item(titles=["oat milk"]))
    for vectors in (queries, known, new):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_k_of_each_row_counts(served: ShopRankClient) -> None:
    assert len(served.recommend(["1"], k=3)[0].items) == 3
    everything = served.retrieve(["1"], k=100_000)[0]
    assert len(everything) == len({item.item_id for item in everything}) > 1000


def test_an_unknown_policy_is_an_invalid_argument(served: ShopRankClient) -> None:
    with pytest.raises(ServingError, match="sarsa"):
        served.recommend(["1"], policies=["sarsa"])
