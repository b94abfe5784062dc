from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.settings import POLICIES
from trainer.catalogue import Catalogue
from trainer.eval_traffic import EvalTraffic, no_traffic
from trainer.signature_inputs import INPUTS
from trainer.signature_requests import Request, signature_requests

TRAFFIC = EvalTraffic(["anna", "bert", ""], queries=["crème", "soap"], item_ids=["item-7", "gone"])


def of(requests: list[Request], signature: str) -> list[dict[str, np.ndarray]]:
    return [inputs for name, inputs in requests if name == signature]


@pytest.mark.parametrize("batch", [1, 7, 32])
@pytest.mark.parametrize("traffic", [TRAFFIC, no_traffic([]), no_traffic(["anna"])])
def test_inputs_are_exactly_those_of_the_signatures(catalogue: Catalogue, traffic: EvalTraffic, batch: int) -> None:
    requests = signature_requests(traffic, catalogue, batch)
    assert {signature for signature, _ in requests} == set(INPUTS)
    for signature, inputs in requests:
        specification = INPUTS[signature]
        assert set(inputs) == set(specification)
        for name, values in inputs.items():
            assert specification[name].shape.is_compatible_with(values.shape), (signature, name)
            assert tf.as_dtype(values.dtype) == specification[name].dtype, (signature, name)
        assert {len(values) for values in inputs.values()} == {batch}


def test_users_sessions_and_queries_are_those_of_the_traffic(catalogue: Catalogue) -> None:
    plain, asked = of(signature_requests(TRAFFIC, catalogue, 8), "recommend")
    assert asked["user_id"].tolist() == [b"anna", b"bert", b"", b"anna", b"bert", b"", b"anna", b"bert"]
    # Every fourth row leaves the history to the user store.
    assert (asked["history_item_ids"] != b"").sum(axis=1).tolist() == [3, 3, 3, 0, 3, 3, 3, 0]
    assert asked["history_item_ids"][0].tolist() == [b"item-7", b"item-0", b"item-1"]
    assert asked["history_ages"][0].tolist() == [3, 2, 1]
    texts = ["crème".encode(), b"soap"]
    assert asked["query"].tolist() == [texts[0], b"", texts[1], b"", texts[0], b"", texts[1], b""]
    assert set(plain["query"]) == {b""}
    assert {name.decode() for name in asked["policy"]} == set(POLICIES)


def test_candidates_are_what_was_chosen_and_then_the_first_of_the_catalogue(catalogue: Catalogue) -> None:
    (_, ranked) = of(signature_requests(TRAFFIC, catalogue, 1), "rank")
    assert [item.decode() for item in ranked["candidate_item_ids"][0]] == [
        "item-7", *(f"item-{row}" for row in range(12) if row != 7),
    ]  # fmt: skip


def test_the_last_row_of_several_is_restricted(catalogue: Catalogue) -> None:
    paths, prices = np.array(["food > milk"] * 12, dtype=object), np.array([*range(12), np.nan], np.float32)
    sold = replace(catalogue, category_paths=paths, shop_prices=prices)
    for signature, batch, restricted in (("retrieve", 7, 1), ("similar_items", 7, 1), ("retrieve", 1, 0)):
        asked = of(signature_requests(TRAFFIC, sold, batch), signature)[-1]
        assert np.count_nonzero(asked["category"]) == np.isfinite(asked["highest_price"]).sum() == restricted
        assert np.isnan(asked["lowest_price"]).all()
    assert asked["category"].tolist() == [b""]


def test_items_of_the_catalogue_and_new_ones(catalogue: Catalogue) -> None:
    (asked,) = of(signature_requests(TRAFFIC, catalogue, 3), "embed_item")
    assert asked["item_id"].tolist() == [b"", b"item-0", b""]
    assert asked["title"].tolist() == [catalogue.titles[7].encode(), b"", catalogue.titles[1].encode()]
    (first,) = of(signature_requests(TRAFFIC, catalogue, 1), "serving_default")
    example = tf.train.Example.FromString(first["examples"][0]).features.feature
    assert [example[name].bytes_list.value[0] for name in ("user_id", "item_id")] == [b"anna", b"item-7"]
