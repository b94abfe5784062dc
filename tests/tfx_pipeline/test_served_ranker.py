"""What the exported SavedModel is asked with: histories and their ages, and models from before there were ages."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import pytest
import tensorflow as tf

from tfx_pipeline.evaluate.saved_model_search import SavedModelSearch
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.served_ranker import ServedRanker

ITEM_IDS = np.array(["i0", "i1", "i2", "i3"], dtype=object)
NAMES = np.array(["view"], dtype=object)
CASES = EvaluationCases.from_lists(["u0", "u1", "u2"], [[0, 1, 2], [3], []], [[1], [2], [0]], item_count=4)
DAYS = Ragged(np.array([9.5, 3.25, 0.5, 40.0], np.float32), CASES.history.offsets)
TEXTS = tf.TensorSpec([None], tf.string)
LISTS = tf.TensorSpec([None, None], tf.string)
USER = {"user_id": TEXTS, "query": TEXTS, "history_item_ids": LISTS, "history_event_types": LISTS}
AGES = {"history_ages": tf.TensorSpec([None, None], tf.float32)}
CHOICE = {"exclude_item_ids": LISTS, "k": tf.TensorSpec([None], tf.int32), "policy": TEXTS}
SEED = {"seed": tf.TensorSpec([None], tf.int64)}


def _recommend(history_ages: tf.Tensor | None = None, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """The history itself, each event with its age for a score."""
    items = inputs["history_item_ids"]
    scores = tf.zeros(tf.shape(items)) if history_ages is None else history_ages
    sources = tf.fill(tf.shape(items), "history")
    return {"item_ids": items, "scores": scores, "propensities": 0 * scores + 1, "sources": sources}


def _rank(history_ages: tf.Tensor | None = None, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """The sum of the ages for every candidate."""
    nothing = tf.zeros(tf.shape(inputs["candidate_item_ids"]))
    return {"utility": nothing if history_ages is None else nothing + tf.reduce_sum(history_ages, 1, keepdims=True)}


def save(folder: Path, ages: dict[str, tf.TensorSpec]) -> str:
    """Save a model whose signatures take ages, or none."""
    inputs = {"recommend": {**USER, **ages, **CHOICE, **SEED}, "rank": {**USER, **ages, "candidate_item_ids": LISTS}}
    signatures = {}
    for name, function in (("recommend", _recommend), ("rank", _rank)):
        named = {one: tf.TensorSpec(spec.shape, spec.dtype, one) for one, spec in inputs[name].items()}
        signatures[name] = tf.function(function).get_concrete_function(**named)
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("models") / "new", AGES)


@pytest.fixture(scope="module")
def older_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("models") / "older", {})


@pytest.fixture(scope="module")
def load() -> Callable[..., ServedRanker]:
    return lambda folder, length=2: ServedRanker(folder, ITEM_IDS, NAMES, length)


def test_the_ages_of_the_latest_events_are_sent(load: Callable[..., ServedRanker], model: str) -> None:
    slates = load(model).slates(replace(CASES, ages=DAYS), k=3)
    assert slates.items.tolist() == [[1, 2, -1], [3, -1, -1], [-1, -1, -1]]
    np.testing.assert_allclose(slates.scores[slates.items >= 0], [3.25, 0.5, 40])


def test_ages_count_in_the_utility_of_given_items_too(load: Callable[..., ServedRanker], model: str) -> None:
    candidates = Ragged.from_lists([[0, 3], [2], [1]])
    utility = load(model).utility(replace(CASES, ages=DAYS), candidates)
    np.testing.assert_allclose(utility, [3.75, 3.75, 40, 0])


def test_without_ages_events_are_of_now(load: Callable[..., ServedRanker], model: str) -> None:
    slates = load(model, length=3).slates(CASES, k=3)
    assert slates.items.tolist() == [[0, 1, 2], [3, -1, -1], [-1, -1, -1]]
    assert not slates.scores[slates.items >= 0].any()


def test_probabilities_ask_the_user_store(load: Callable[..., ServedRanker], model: str) -> None:
    users, items = np.array([b"u0", b"u0", b"u1"], dtype=object), np.array([b"i0", b"i1", b"i0"], dtype=object)
    assert load(model).probabilities(users, items)["utility"].tolist() == [0, 0, 0]


def test_a_model_from_before_there_were_ages_still_answers(load: Callable[..., ServedRanker], older_model: str) -> None:
    ranker, aged = load(older_model), replace(CASES, ages=DAYS)
    assert ranker.slates(aged, k=3).items.tolist() == [[1, 2, -1], [3, -1, -1], [-1, -1, -1]]
    assert ranker.utility(aged, Ragged.from_lists([[0, 3], [2], [1]])).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("which", ["model", "older_model"])
def test_models_of_both_kinds_search(which: str, request: pytest.FixtureRequest) -> None:
    search = SavedModelSearch(Path(request.getfixturevalue(which)))
    assert list(search(["tea", "mug"], k=2)) == [[], []]
