"""New and changed items in a package of twelve, against the package that was trained."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.candidates import SOURCES, CandidateCounts
from trainer.catalogue_refresh import refreshed_package
from trainer.category_prices import CategoryPrices
from trainer.item_records import ItemRecord
from trainer.item_texts import ItemTexts, text_vectors
from trainer.item_transform import ItemTransform
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage
from trainer.text_encoder import TextEncoder

KNOWN, NEW = 12, 2
RECORDS = [
    ItemRecord("new-1", "whole milk", "1 gallon", "food > dairy > milk > whole", "Farm", 3.0),
    ItemRecord("item-2", title="old bread", price=7.0),
    ItemRecord("new-2", "soft soap"),
    ItemRecord("item-5", available=False),
    ItemRecord("item-6", category="care"),
]
Refresh = Callable[[Sequence[ItemRecord]], RetrievalPackage]


@pytest.fixture(scope="module")
def encoded() -> list[str]:
    """Every text that was encoded."""
    return []


@pytest.fixture(scope="module")
def refresh(
    package: RetrievalPackage, transformed: Any, text_encoder: TextEncoder, item_texts: ItemTexts, encoded: list[str]
) -> Refresh:
    transform = ItemTransform(transformed.output)

    def encode(texts: Sequence[str]) -> np.ndarray:
        encoded.extend(texts)
        return text_vectors(texts, text_encoder, item_texts.reducer)

    return lambda records: refreshed_package(package, records, transform, encode)


@pytest.fixture(scope="module")
def refreshed(refresh: Refresh) -> RetrievalPackage:
    return refresh(RECORDS)


@pytest.fixture(scope="module")
def milk(transformed: Any) -> dict[str, Any]:
    """The same milk as the transform graph wrote it."""
    return transformed.examples[0]


def test_new_items_stand_behind_the_known_ones(refreshed: RetrievalPackage) -> None:
    ids = refreshed.catalogue.item_ids.tolist()
    assert ids == [*(f"item-{row}" for row in range(KNOWN)), "new-1", "new-2"]
    assert {len(table) for table in (refreshed.catalogue.titles, refreshed.catalogue.texts)} == {KNOWN + NEW}
    tables = (refreshed.catalogue.categories, refreshed.catalogue.brands, refreshed.catalogue.prices)
    assert {len(table) for table in tables} == {KNOWN + NEW + 1}


def test_a_new_item_is_read_as_training_would(refreshed: RetrievalPackage, milk: dict[str, Any]) -> None:
    catalogue, row = refreshed.catalogue, KNOWN
    assert catalogue.titles[row] == "whole milk"
    assert catalogue.texts[row] == "whole milk 1 gallon"
    assert catalogue.categories[row].tolist() == [int(milk[f"category_{level}"][0]) for level in (1, 2, 3)]
    assert catalogue.brands[row] == int(milk["brand"][0])
    np.testing.assert_allclose(catalogue.prices[row], milk["scaled_price"][0], atol=1e-6)
    assert catalogue.price_known[row] == 1


def test_what_is_not_said_of_a_new_item_is_unknown(refreshed: RetrievalPackage) -> None:
    catalogue, row = refreshed.catalogue, KNOWN + 1
    assert catalogue.texts[row] == "soft soap"
    assert catalogue.categories[row].tolist() == catalogue.categories[-1].tolist()
    assert (catalogue.brands[row], catalogue.prices[row], catalogue.price_known[row]) == (catalogue.brands[-1], 0, 0)


def test_a_known_item_takes_what_is_said_and_keeps_the_rest(
    package: RetrievalPackage, refreshed: RetrievalPackage
) -> None:
    before, after = package.catalogue, refreshed.catalogue
    assert (after.titles[2], after.texts[2]) == ("old bread", "old bread é")
    assert after.prices[2] != before.prices[2]
    assert after.categories[2].tolist() == before.categories[2].tolist()
    assert (after.titles[6], after.texts[6], after.prices[6]) == (before.titles[6], before.texts[6], before.prices[6])
    assert after.categories[6].tolist() != before.categories[6].tolist()
    others = [row for row in range(KNOWN) if row not in (2, 6)]
    for name in ("titles", "texts", "categories", "brands", "prices", "price_known"):
        np.testing.assert_array_equal(getattr(after, name)[others], getattr(before, name)[others])


def test_only_new_and_changed_texts_are_encoded(refreshed: RetrievalPackage, encoded: list[str]) -> None:
    assert sorted(encoded) == ["old bread é", "soft soap", "whole milk 1 gallon"]


def test_a_title_that_is_replaced_keeps_the_description(refresh: Refresh) -> None:
    after = refresh([ItemRecord("item-0", title="oat milk")]).catalogue
    assert (after.titles[0], after.texts[0]) == ("oat milk", "oat milk é")
    after = refresh([ItemRecord("item-0", description="fresh")]).catalogue
    assert (after.titles[0], after.texts[0]) == ("whole milk", "whole milk fresh")


def test_hidden_items(refresh: Refresh, refreshed: RetrievalPackage) -> None:
    assert refreshed.catalogue.hidden.tolist() == [5]
    records = [ItemRecord("new-1", "tea", available=False), ItemRecord("item-5", available=True)]
    assert refresh(records).catalogue.hidden.tolist() == [KNOWN]


def test_a_new_item_has_the_statistics_of_an_item_without_events(refreshed: RetrievalPackage) -> None:
    for statistics in (refreshed.at_ranker_start, refreshed.at_training_end):
        for name, values in vars(statistics).items():
            assert len(values) == KNOWN + NEW + 1
            assert values[KNOWN] == values[-1], name
        assert statistics.count[KNOWN] == 0


def test_histories_keep_their_items(package: RetrievalPackage, refreshed: RetrievalPackage) -> None:
    before, after = package.users.items, refreshed.users.items
    np.testing.assert_array_equal(np.where(before == KNOWN, KNOWN + NEW, before), after)
    assert (after == KNOWN + NEW).sum() == 1
    assert after.dtype == before.dtype


def graph_of(package: RetrievalPackage) -> RetrievalGraph:
    counts = CandidateCounts(retrieved=14, from_history=4, neighbours=3, lexical=3, popular=14)
    return RetrievalGraph(package, True, counts, 0.8, {"purchase": [0], "click": [1]}, 3)


@pytest.fixture(scope="module")
def graphs(package: RetrievalPackage, refreshed: RetrievalPackage) -> tuple[RetrievalGraph, RetrievalGraph]:
    return graph_of(package), graph_of(refreshed)


def ask(graph: RetrievalGraph, history: list[int], query: str = "") -> QuerySide:
    """A stranger with a history of one event a day, and a text of which only the words count."""
    length = len(history)
    ages = tf.range(length, 0, -1, dtype=tf.float32)[tf.newaxis, :]
    rows, kinds = tf.constant([history], tf.int32), tf.zeros([1, length], tf.int32)
    # Of a text that is at right angles to all only the words count.
    text = tf.fill([1, 5], 1e-6 if query else 0.0)
    found = graph.search.scores(tf.constant([query]), text)
    return graph.encoder.encode(tf.constant([3], tf.int64), rows, kinds, ages, text, found)


def everything(graph: RetrievalGraph) -> tf.Tensor:
    return graph.allowed_without(tf.zeros([1, 0], tf.int32))


def test_known_items_are_scored_as_before(refresh: Refresh, package: RetrievalPackage) -> None:
    before, after = graph_of(package), graph_of(refresh([RECORDS[0], RECORDS[2]]))
    rows = tf.range(KNOWN)[tf.newaxis, :]
    for history in ([0, 1, 4], [9, 9, 2]):
        expected = before.features(ask(before, history), rows)
        np.testing.assert_allclose(after.features(ask(after, history), rows), expected, atol=1e-5)


def test_a_new_item_is_a_candidate_of_index_and_words(graphs: tuple[RetrievalGraph, RetrievalGraph]) -> None:
    _, graph = graphs
    retrieved = graph.candidates.collect(ask(graph, [0, 1]), everything(graph))
    of_item = (retrieved.rows == KNOWN) & retrieved.valid
    assert [SOURCES[source] for source in retrieved.sources[of_item].numpy()] == ["ann"]
    found = graph.lexical.scores(tf.constant(["gallon"])).numpy()[0]
    assert np.flatnonzero(found > 0).tolist() == [KNOWN]


def test_a_new_item_may_be_the_history(graphs: tuple[RetrievalGraph, RetrievalGraph]) -> None:
    _, graph = graphs
    asked = ask(graph, [0, KNOWN])
    candidates = graph.candidates.collect(asked, everything(graph))
    first = candidates.rows.numpy()[candidates.valid.numpy()][0]
    assert first == KNOWN and SOURCES[candidates.sources.numpy()[0, 0]] == "history"
    features = graph.features(asked, candidates.rows).numpy()
    assert np.isfinite(features).all()
    assert features[0, 0, graph.features.names.index("is_cold")] == 1


def test_hidden_items_are_in_no_answer(graphs: tuple[RetrievalGraph, RetrievalGraph]) -> None:
    before, after = (everything(graph).numpy()[0] for graph in graphs)
    assert np.flatnonzero(~before).tolist() == [KNOWN]
    assert np.flatnonzero(~after).tolist() == [5, KNOWN + NEW]


def test_the_words_of_a_known_item_follow_its_title(graphs: tuple[RetrievalGraph, RetrievalGraph]) -> None:
    before, after = (graph.lexical.scores(tf.constant(["rye"])).numpy()[0] for graph in graphs)
    assert before[2] > 0 and after[2] == 0


def test_prices_of_told_items_are_compared_with_those_of_training(
    refreshed: RetrievalPackage, package: RetrievalPackage
) -> None:
    trained, catalogue = package.catalogue, refreshed.catalogue
    learned = CategoryPrices.of(trained.categories, trained.prices, trained.price_known, trained.category_sizes)
    told = [2, 5, 6, KNOWN, KNOWN + 1]
    columns = (catalogue.categories, catalogue.prices, catalogue.price_known)
    expected = learned.z_scores(*(column[told] for column in columns))
    np.testing.assert_array_equal(catalogue.price_against_category[told], expected)
    others = [row for row in range(KNOWN) if row not in told]
    np.testing.assert_array_equal(catalogue.price_against_category[others], trained.price_against_category[others])


def test_what_items_are_worth_follows_the_records(package: RetrievalPackage, transformed: Any) -> None:
    values = np.stack([np.arange(13.0), np.ones(13)], axis=1).astype(np.float32)
    valued = replace(package, catalogue=replace(package.catalogue, values=values))
    records = [ItemRecord("new-1", numbers={"margin": 0.5}), ItemRecord("new-2"), ItemRecord("item-2", price=9.0)]
    transform, no_text = ItemTransform(transformed.output), lambda texts: np.zeros((len(texts), 5), np.float32)
    of_margin = refreshed_package(valued, records, transform, no_text, ["margin", None]).catalogue.values
    assert of_margin[[2, 12, 13, 14]].tolist() == [[2, 1], [0.5, 1], [12, 1], [12, 1]]
    of_price = refreshed_package(valued, records, transform, no_text, ["price", None]).catalogue.values
    assert of_price[[2, 12, 13, 14]].tolist() == [[9, 1], [12, 1], [12, 1], [12, 1]]
    assert len(refreshed_package(package, records, transform, no_text).catalogue.values) == 0


def test_categories_and_prices_that_filters_read_are_those_of_the_records(refreshed: RetrievalPackage) -> None:
    catalogue = refreshed.catalogue
    assert catalogue.category_paths[[0, 6, KNOWN, KNOWN + 1]].tolist() == [
        "", "care", "food > dairy > milk > whole", "",
    ]  # fmt: skip
    assert catalogue.shop_prices[[2, KNOWN]].tolist() == [7.0, 3.0]
    assert np.isnan(catalogue.shop_prices[[0, KNOWN + 1, -1]]).all()
