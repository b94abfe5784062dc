from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.catalogue import vocabulary
from trainer.item_tables import ItemTables
from trainer.item_texts import ItemTexts
from trainer.losses import SampledSoftmax
from trainer.query_encoder import QueryEncoder
from trainer.raw_inputs import RawInputs
from trainer.retrieval import TwoTowerModel
from trainer.search_fusion import SearchFusion
from trainer.search_index import SearchIndex
from trainer.text_encoder import TextEncoder
from trainer.towers import ItemTower, QueryTower
from trainer.user_store import UserStore


@pytest.fixture(scope="module")
def rows(transformed: Any) -> dict[str, int]:
    """Row of each item, user and event type."""
    names = ("item_id", "user_id", "event_types")
    return {word: row for name in names for row, word in enumerate(vocabulary(transformed.output, name))}


@pytest.fixture(scope="module")
def raw(transformed: Any, rows: dict[str, int], text_encoder: TextEncoder, item_texts: ItemTexts) -> RawInputs:
    """Anna is known to have bought milk; Bert has no past. Histories have four events."""
    keras.utils.set_random_seed(0)
    query_tower = QueryTower(2, 8, use_time=True)
    towers = TwoTowerModel(query_tower, ItemTower(8), SampledSoftmax(), ItemTables(3), 8, user_count=2)
    items, kinds = np.full((2, 3, 4), -1, np.int32)
    ages = np.full((3, 4), -1, np.float32)
    items[rows["anna"], :2], kinds[rows["anna"], :2] = rows["milk-1"], rows["view"]
    ages[rows["anna"], :2] = [30.5, 2.25]
    queries = QueryEncoder(towers)
    users = UserStore(items, kinds, ages)
    item_ids = vocabulary(transformed.output, "item_id").tolist()
    encoders = (text_encoder, item_texts.reducer, queries, search_index(["whole milk", "soap", "text", ""]))
    return RawInputs(transformed.output, item_ids, users, *encoders, "purchase")


def search_index(documents: list[str]) -> SearchIndex:
    vectors = tf.Variable(tf.zeros([len(documents), 5]))
    return SearchIndex(documents, vectors, SearchFusion.equal("words", "dense"), ["words"])


def ask(
    raw: RawInputs, user: str, items: list[str], kinds: list[str], query: str = "", ages: list[float] | None = None
) -> Any:
    user_id, history, types, text = (tf.constant(given, tf.string) for given in ([user], [items], [kinds], [query]))
    days = tf.constant([[0.0] * len(items) if ages is None else ages], tf.float32)
    return raw.query_side(user_id, history, types, days, text)


def test_item_rows(raw: RawInputs, rows: dict[str, int]) -> None:
    ids = tf.constant([["milk-1", "", "gone"], ["", "", ""]])
    assert raw.item_rows(ids).numpy().tolist() == [[rows["milk-1"], -1, 3], [-1, -1, -1]]


@pytest.mark.parametrize("items", [[""], ["", "", ""]])
def test_without_a_history_the_store_answers(raw: RawInputs, rows: dict[str, int], items: list[str]) -> None:
    query = ask(raw, "anna", items, items)
    assert query.users.numpy().tolist() == [rows["anna"]]
    assert query.history.numpy().tolist() == [[rows["milk-1"], rows["milk-1"]]]
    assert query.event_types.numpy().tolist() == [[rows["view"], rows["view"]]]
    assert query.ages.numpy().tolist() == [[30.5, 2.25]]


@pytest.mark.parametrize("user", ["", "nobody", " "])
def test_strangers_have_no_past(raw: RawInputs, user: str) -> None:
    query = ask(raw, user, [""], [""])
    assert query.users.numpy().tolist() == [2]
    assert query.history.numpy().tolist() == [[-1]]


def test_a_given_history_replaces_the_store(raw: RawInputs, rows: dict[str, int]) -> None:
    query = ask(raw, "anna", ["soap-1", "gone", "", "text-1"], ["view", "view", "", ""], ages=[8.5, 4, 3, 0.25])
    assert query.history.numpy().tolist() == [[rows["soap-1"], rows["text-1"]]]
    assert query.event_types.numpy().tolist() == [[rows["view"], rows["purchase"]]]
    assert query.ages.numpy().tolist() == [[8.5, 0.25]]


@pytest.mark.parametrize(
    ("age", "taken"), [(np.nan, 0), (-3.0, 0), (-np.inf, 0), (0.0, 0), (1e-3, 1e-3), (4e4, 36_500), (np.inf, 36_500)]
)
def test_an_age_that_is_none_counts_as_just_now(raw: RawInputs, age: float, taken: float) -> None:
    query = ask(raw, "anna", ["soap-1", "milk-1"], [""], ages=[age, age])
    np.testing.assert_allclose(query.ages, [[taken, taken]])
    just_as = ask(raw, "anna", ["soap-1", "milk-1"], [""], ages=[taken, taken])
    np.testing.assert_array_equal(query.preference, just_as.preference)
    assert np.isfinite(query.preference).all()


@pytest.mark.parametrize("ages", [[], [5.0]])
def test_events_without_an_age_are_of_now(raw: RawInputs, ages: list[float]) -> None:
    query = ask(raw, "anna", ["soap-1", "milk-1", "text-1"], [""], ages=ages)
    assert query.ages.numpy().tolist() == [[*ages, *[0] * (3 - len(ages))]]


def test_ages_reach_the_query_tower(raw: RawInputs) -> None:
    now, old = (ask(raw, "anna", ["soap-1"], [""], ages=[age]).preference.numpy() for age in (0.0, 300.0))
    assert np.abs(now - old).max() > 1e-4
    stored = ask(raw, "anna", [""], [""]).preference
    given = ask(raw, "anna", ["milk-1", "milk-1"], ["view", "view"], ages=[30.5, 2.25]).preference
    np.testing.assert_allclose(stored, given, atol=1e-6)


def test_only_the_last_events_count(raw: RawInputs, rows: dict[str, int]) -> None:
    query = ask(raw, "bert", ["soap-1", "text-1", "text-1", "text-1", "milk-1"], [""], ages=[5, 4, 3, 2, 1])
    assert query.history.numpy().tolist() == [[rows["text-1"]] * 3 + [rows["milk-1"]]]
    assert query.event_types.numpy().tolist() == [[rows["purchase"]] * 4]
    assert query.ages.numpy().tolist() == [[4, 3, 2, 1]]


def test_histories_are_as_wide_as_the_longest_of_the_batch(raw: RawInputs, rows: dict[str, int]) -> None:
    query = raw.query_side(
        tf.constant(["bert", "anna", ""]),
        tf.constant([["text-1", "soap-1", "soap-1"], ["", "", ""], ["", "soap-1", ""]]),
        tf.constant([["view"] * 3] * 3),
        tf.ones([3, 3]),
        tf.constant([""] * 3),
    )
    soap, text, milk = rows["soap-1"], rows["text-1"], rows["milk-1"]
    assert query.history.numpy().tolist() == [[text, soap, soap], [milk, milk, -1], [soap, -1, -1]]
    alone = ask(raw, "anna", [""], [""])
    np.testing.assert_allclose(query.preference[1], alone.preference[0], atol=1e-6)


def test_an_unknown_history_is_an_empty_one(raw: RawInputs) -> None:
    query = ask(raw, "anna", ["gone"], ["no such type"])
    assert query.history.numpy().tolist() == [[-1]]


def test_a_new_event_type_takes_the_row_after_the_last(raw: RawInputs) -> None:
    assert ask(raw, "anna", ["milk-1"], ["rent"]).event_types.numpy().tolist() == [[2]]


def test_texts_are_unit_vectors_and_blanks_zeros(
    raw: RawInputs, item_texts: ItemTexts, text_encoder: TextEncoder
) -> None:
    vectors = raw.text_vectors(tf.constant(["", "whole milk", "  ", "soap"])).numpy()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [0, 1, 0, 1], atol=1e-5)
    expected = item_texts.reducer.reduce(text_encoder(tf.constant(["whole milk"])))
    np.testing.assert_allclose(vectors[1:2], expected, atol=1e-5)
    assert raw.text_vectors(tf.constant(["", ""])).numpy().tolist() == [[0] * 5] * 2


def test_a_new_item_is_read_like_one_of_the_catalogue(raw: RawInputs, transformed: Any) -> None:
    told = raw.new_item(
        title=tf.constant(["Whole milk", "", ""]),
        description=tf.constant(["1 gallon, crème", "", ""]),
        category=tf.constant(["food > dairy > milk > whole", "", ""]),
        price=tf.constant([3.0, np.nan, -1.0]),
    )
    milk = transformed.examples[0]
    assert told["categories"].numpy().tolist() == [
        [int(milk[f"category_{level}"][0]) for level in (1, 2, 3)],
        [2, 2, 2],
        [2, 2, 2],
    ]
    assert told["brands"].numpy().tolist() == [1, 1, 1]
    np.testing.assert_allclose(told["prices"], [[milk["scaled_price"][0], 1], [0, 0], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(told["texts"][:1], raw.text_vectors(tf.constant(milk["item_text"])), atol=1e-6)
    assert not told["texts"].numpy()[1].any()


def test_words_for_words_the_same_in_a_graph(raw: RawInputs) -> None:
    lists = [tf.TensorSpec([None, None], kind) for kind in (tf.string, tf.string, tf.float32)]
    single = tf.TensorSpec([None], tf.string)
    traced = tf.function(raw.query_side, input_signature=[single, *lists, single])
    items, kinds, ages = [["", ""], ["soap-1", ""]], [["", ""], ["view", ""]], [[0.0, 0.0], [3.5, 0.0]]
    arguments = (["anna", "nobody"], items, kinds, ages, ["milk", ""])
    constants = [tf.constant(argument) for argument in arguments]
    for ours, theirs in zip(raw.query_side(*constants), traced(*constants), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_an_item_that_the_transform_graph_does_not_know_has_a_row(
    transformed: Any, rows: dict[str, int], raw: RawInputs, text_encoder: TextEncoder, item_texts: ItemTexts
) -> None:
    item_ids = [*vocabulary(transformed.output, "item_id"), "new-1"]
    users = UserStore(*(np.full((3, 4), -1, kind) for kind in (np.int32, np.int32, np.float32)))
    parts = (text_encoder, item_texts.reducer, raw._queries, search_index([""] * 5))
    grown = RawInputs(transformed.output, item_ids, users, *parts, "purchase")
    ids = tf.constant([["new-1", "gone", "", "milk-1"]])
    assert grown.item_rows(ids).numpy().tolist() == [[3, 4, -1, rows["milk-1"]]]
