"""A ranker with every part, served: what it says of a candidate is what it would say in training."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.posterior import LinearPosterior
from trainer.export import build_retrieval_graph, build_servable
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_inputs import item_vectors
from trainer.retrieval_package import RetrievalPackage
from trainer.servable import Servable
from trainer.text_encoder import TextEncoder

PARTS = {"given": {"purchase": "click"}, "crosses": 2, "experts": 2, "attended_events": 2, "position_slots": 3}


@pytest.fixture(scope="module")
def servable(
    shop_package: RetrievalPackage, transformed: Any, text_encoder: TextEncoder, settings: Hyperparameters
) -> Servable:
    graph = build_retrieval_graph(shop_package, True, transformed.output, settings)
    keras.utils.set_random_seed(1)
    sizes = (len(graph.features.names), settings.ranker["hidden"])
    ranker = Ranker(list(settings.objectives), *sizes, vector_size=13, **PARTS)
    ranker.position_tower.later.assign(tf.ones_like(ranker.position_tower.later))
    posterior = LinearPosterior.prior(ranker.width + 1, 1.0, 1.0)
    asked = replace(settings, export={"signatures": ["recommend", "rank", "serving_default"]})
    parts = (text_encoder, None, transformed.output, asked, "tag")
    return build_servable(shop_package, graph, ranker, posterior, *parts)


@pytest.fixture(scope="module")
def signature(servable: Servable) -> Any:
    return servable.signatures()["rank"]


def rank(signature: Any, items: list[str]) -> dict[str, np.ndarray]:
    history = {"history_item_ids": [items], "history_event_types": [["purchase"] * len(items)]}
    ages = tf.constant([[float(age) for age in range(len(items), 0, -1)]])
    given = {"user_id": [""], "query": [""], "candidate_item_ids": [["milk-1", "soap-1"]], **history}
    asked = {name: tf.constant(value, tf.string) for name, value in given.items()}
    outputs = signature(history_ages=ages, **asked)
    return {name: value.numpy()[0] for name, value in outputs.items()}


def test_the_last_two_events_are_attended_to(servable: Servable, signature: Any) -> None:
    ranker, retrieval = servable._ranker, servable.retrieval
    items = ["text-1", "milk-1", "soap-1"]
    row = {item: number for number, item in enumerate(servable.item_ids.numpy().astype(str))}
    kinds, ages = [["purchase"] * 3], tf.constant([[3.0, 2.0, 1.0]])
    told = (tf.constant(value) for value in ([""], [items], kinds))
    asked = servable.raw.query_side(*told, ages, tf.constant([""]))
    candidates = tf.constant([[row["milk-1"], row["soap-1"]]])
    tables = (retrieval.store.preferences, retrieval.store.texts)
    inputs = {
        "features": retrieval.features(asked, candidates),
        "candidates": item_vectors(*tables, candidates),
        "events": item_vectors(*tables, tf.constant([[row["milk-1"], row["soap-1"]]])),
        "ages": tf.constant([[2.0, 1.0]]),
    }
    expected = tf.sigmoid(ranker(inputs)).numpy()[0]
    served = rank(signature, items)
    np.testing.assert_allclose(served["purchase"], expected[:, 0], rtol=1e-4)
    np.testing.assert_allclose(served["click"], expected[:, 1], rtol=1e-4)
    # Nothing is bought that is not clicked on.
    assert (served["purchase"] < served["click"]).all()
    np.testing.assert_allclose(served["utility"], expected @ [2.0, 0.5], rtol=1e-4)


def test_nobody_has_no_events(signature: Any) -> None:
    assert np.isfinite(rank(signature, [])["utility"]).all()
