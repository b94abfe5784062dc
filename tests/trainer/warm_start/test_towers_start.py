import logging
from typing import Any

import numpy as np
import pytest

from tests.trainer.warm_start.changed_shop import EARLIER, LATER, earlier_towers, later_towers, values
from trainer.catalogue import Catalogue
from trainer.features import BRAND, EVENT_TYPES, ITEM_ID, USER_ID
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.retrieval import TwoTowerModel
from trainer.warm_start.row_match import match_rows
from trainer.warm_start.towers_start import TowersStart

UNKNOWN = -1
COUNTS = [2, 0, 3, 0, 0, 0, 0, 0]
"""Of the later items only item-11 and item-20 occur in the new windows."""


@pytest.fixture(scope="module")
def options(settings: Hyperparameters) -> dict[str, Any]:
    return {**settings.retrieval, "decays_in_days": [20.0], "event_types": True, "time_gaps": True}


@pytest.fixture(scope="module")
def start(catalogue: Catalogue, item_texts: ItemTexts, options: dict[str, Any]) -> TowersStart:
    matches = {name: match_rows(EARLIER[name], LATER[name]) for name in EARLIER}
    return TowersStart(earlier_towers(catalogue, item_texts.vectors, options), matches, epochs=1)


@pytest.fixture(scope="module")
def model(start: TowersStart, catalogue: Catalogue, item_texts: ItemTexts, options: dict[str, Any]) -> TwoTowerModel:
    model = later_towers(catalogue, item_texts.vectors, options, COUNTS)
    start.carry(model)
    return model


def looked_up(model: TwoTowerModel, row: int) -> np.ndarray:
    return values(model.item_embedding.embeddings)[values(model.id_rows)[row]]


def test_items_that_stay_keep_their_vectors_bit_for_bit(start: TowersStart, model: TwoTowerModel) -> None:
    for row, item in enumerate(LATER[ITEM_ID]):
        known = item in EARLIER[ITEM_ID]
        earlier = EARLIER[ITEM_ID].index(item) if known else UNKNOWN
        np.testing.assert_array_equal(looked_up(model, row), looked_up(start.towers, earlier), err_msg=item)
    np.testing.assert_array_equal(looked_up(model, UNKNOWN), looked_up(start.towers, UNKNOWN))


def test_an_item_has_a_row_of_its_own_if_it_occurs_now_or_did(model: TwoTowerModel) -> None:
    # item-11 occurs now, 3, 0, 10 and 5 did, item-20 is new and occurs, item-21 is new and does not.
    assert values(model.id_rows).tolist() == [0, 1, 2, 3, 4, 5, 7, 7]


def test_users_that_stay_keep_their_vectors_bit_for_bit(start: TowersStart, model: TwoTowerModel) -> None:
    earlier, now = (values(each.query_tower.user_embedding.embeddings) for each in (start.towers, model))
    # cid was in the vocabulary, and had no window: a stranger, as dan and eve are.
    np.testing.assert_array_equal(now, earlier[[3, 3, 0, 3, 3]])
    assert start.known_users().tolist() == [LATER[USER_ID].index("ann")]


def test_words_that_stay_keep_their_vectors_and_new_ones_begin_in_the_middle(
    start: TowersStart, model: TwoTowerModel
) -> None:
    def tables(towers: TwoTowerModel) -> dict[str, np.ndarray]:
        item, query = towers.item_tower, towers.query_tower
        layers = dict(zip(CATEGORY_LEVELS, item.category_embeddings, strict=True))
        layers |= {BRAND: item.brand_embeddings[0], EVENT_TYPES: query.event_embedding.type_embedding}
        return {name: values(layer.embeddings) for name, layer in layers.items()}

    earlier, now = tables(start.towers), tables(model)
    for name, table in now.items():
        middle = earlier[name][:-1].mean(axis=0)
        for row, word in enumerate(LATER[name]):
            known = word in EARLIER[name]
            wanted = earlier[name][EARLIER[name].index(word)] if known else middle
            np.testing.assert_array_equal(table[row], wanted, err_msg=f"{name} {word}")
        np.testing.assert_array_equal(table[-1], earlier[name][-1])


def test_everything_else_that_is_trained_is_carried_whole(start: TowersStart, model: TwoTowerModel) -> None:
    tables = {"embeddings"}
    ours, theirs = (
        [weight for weight in each.trainable_variables if weight.name not in tables] for each in (model, start.towers)
    )
    assert len(ours) == 10
    for weight, trained in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(values(weight), values(trained), err_msg=weight.path)
    gaps, trained_gaps = (each.query_tower.time_since_last_event.trainable_variables for each in (model, start.towers))
    np.testing.assert_array_equal(values(gaps[0]), values(trained_gaps[0]))


def test_the_same_shop_answers_the_same(
    start: TowersStart, catalogue: Catalogue, item_texts: ItemTexts, options: dict[str, Any]
) -> None:
    again = earlier_towers(catalogue, item_texts.vectors, options)
    for variable in again.trainable_variables:
        variable.assign(variable + 1.0)
    same = {name: np.arange(len(words)) for name, words in EARLIER.items()}
    TowersStart(start.towers, same, epochs=1).carry(again)
    again.set_trained_users(start.known_users() * 0 + [0])
    asked = {
        "users": np.array([0, 2]),
        "history": np.array([[0, 4, -1], [11, 2, 5]]),
        "event_types": np.array([[0, 1, -1], [0, 0, 1]]),
        "days": np.array([[0, 2, 0], [0, 1, 5]], np.float32),
        "target_days": np.array([[3], [9]], np.float32),
    }
    for ours, theirs in zip(again.recommend(asked, 12), start.towers.recommend(asked, 12), strict=True):
        np.testing.assert_array_equal(ours, theirs)


OTHERS: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"history_encoder": "gru"},
        [
            "the history encoder starts anew: it is GRUHistory with weights ",
            "the network of the query tower starts anew: it is Perceptron with weights ",
        ],
    ),
    (
        {"dimension": 4},
        [
            "the id vectors of the items start anew: of length 4, and were of 8",
            "the vectors of the users start anew: of length 4, and were of 8",
            "the network of the query tower starts anew: ",
            "the network of the item tower starts anew: ",
        ],
    ),
    ({"history_vectors": "separate"}, ["the id vectors of the items start anew: the earlier model has none"]),
]


@pytest.mark.parametrize(("choice", "told"), OTHERS)
def test_what_has_another_form_starts_anew_and_the_log_says_so(
    start: TowersStart,
    catalogue: Catalogue,
    item_texts: ItemTexts,
    options: dict[str, Any],
    choice: dict[str, Any],
    told: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = later_towers(catalogue, item_texts.vectors, options | choice, COUNTS)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        start.carry(model)
    lines = [record.getMessage() for record in caplog.records]
    for sentence in told:
        assert any(line.startswith(sentence) for line in lines), sentence
    assert "items: 5 stay, 2 are new" in lines
    # What has the same form goes on all the same.
    temperatures = (values(each.softmax.log_temperature) for each in (model, start.towers))
    assert len({float(each) for each in temperatures}) == 1
    assert all(np.isfinite(values(weight)).all() for weight in model.weights)


def test_nothing_is_told_anew_where_all_continues(
    start: TowersStart,
    catalogue: Catalogue,
    item_texts: ItemTexts,
    options: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        start.carry(later_towers(catalogue, item_texts.vectors, options, COUNTS))
    assert [record.getMessage() for record in caplog.records] == [
        "items: 5 stay, 2 are new",
        "users: 2 stay, 2 are new",
    ]
