"""The order of the candidates by predicted utility, against a loop over cases; and who is held out."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from trainer.hyperparameters import Hyperparameters
from trainer.mining import Cases
from trainer.ranker_training import new_ranker
from trainer.tuning.candidate_objective import utility_ndcg
from trainer.tuning.held_out_users import MOST_HELD_OUT, divide_by_user
from trainer.utility import Utility

FEATURES, WEIGHTS = 4, [2.0, 0.5]


def mined(cases: int, candidates: int) -> tf.data.Dataset:
    """Cases with random candidates, some of which do not exist; in the first case nothing came true."""
    random = np.random.default_rng(1)
    labels = (random.random((cases, candidates, 2)) < 0.2).astype(np.float32)
    labels[random.random((cases, candidates)) < 0.3] = -1
    labels[0] = np.minimum(labels[0], 0)
    features = random.normal(size=(cases, candidates, FEATURES)).astype(np.float32)
    rows = random.integers(0, 5, (cases, candidates)).astype(np.int32)
    return tf.data.Dataset.from_tensor_slices(({"features": features, "rows": rows}, labels)).batch(4)


@pytest.mark.parametrize("candidates", [3, 25])
def test_against_a_loop(settings: Hyperparameters, candidates: int) -> None:
    ranker = new_ranker(FEATURES, settings)
    values = np.random.default_rng(2).random((5, 2)).astype(np.float32)
    scores = []
    for inputs, labels in mined(9, candidates).unbatch().batch(1):
        exists = labels.numpy()[0, :, 0] >= 0
        worth = values[inputs["rows"].numpy()[0]] * WEIGHTS
        predicted = (tf.sigmoid(ranker(inputs)).numpy()[0] * worth).sum(axis=1)[exists]
        gains = (labels.numpy()[0] * worth).sum(axis=1)[exists]
        discount = 1 / np.log2(np.arange(len(gains)) + 2) * (np.arange(len(gains)) < 10)
        possible = float(np.sort(gains)[::-1] @ discount)
        if possible > 0:
            scores.append(float(gains[np.argsort(-predicted)] @ discount) / possible)
    assert utility_ndcg(ranker, mined(9, candidates), Utility(WEIGHTS, values)) == pytest.approx(
        np.mean(scores), abs=1e-5
    )


def test_without_anything_that_came_true_there_is_no_score(settings: Hyperparameters) -> None:
    ranker = new_ranker(FEATURES, settings)
    assert np.isnan(
        utility_ndcg(ranker, mined(9, 5).take(1).unbatch().take(1).batch(1), Utility(WEIGHTS, np.zeros((0, 0))))
    )
    assert np.isnan(utility_ndcg(ranker, mined(9, 5).take(0), Utility(WEIGHTS, np.zeros((0, 0)))))


def test_a_ranker_that_went_astray_has_no_score(settings: Hyperparameters) -> None:
    ranker = new_ranker(FEATURES, settings)
    ranker.set_weights([np.full(weight.shape, np.nan) for weight in ranker.weights])
    with pytest.raises(ValueError, match="the ranker's predictions are not numbers"):
        utility_ndcg(ranker, mined(9, 5), Utility(WEIGHTS, np.ones((5, 2), np.float32)))


def cases_of_users(users: list[int]) -> Cases:
    count = len(users)
    table, texts = np.arange(count)[:, np.newaxis], np.zeros((count, 2), np.float32)
    queries = np.full(count, "", dtype=object)
    return Cases(
        np.arange(count), np.array(users), table, table, table.astype(np.float32), queries, texts, [np.arange(3)]
    )


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=60).filter(lambda users: len(set(users)) > 1), st.integers(0, 99)
)
def test_no_user_is_learned_from_and_held_out(users: list[int], seed: int) -> None:
    cases = cases_of_users(users)
    learned_from, held_out = divide_by_user(cases, seed)
    assert not set(learned_from.users) & set(held_out.users)
    assert sorted([*learned_from.numbers, *held_out.numbers]) == list(range(len(users)))
    assert len(set(held_out.users)) == max(round(0.2 * len(set(users))), 1)
    for part in (learned_from, held_out):
        assert part.history[:, 0].tolist() == part.numbers.tolist()
        assert part.targets is cases.targets
    again = divide_by_user(cases, seed)[1]
    np.testing.assert_array_equal(again.numbers, held_out.numbers)


def test_of_very_many_users_few_are_held_out() -> None:
    _, held_out = divide_by_user(cases_of_users(list(range(20 * MOST_HELD_OUT))), 0)
    assert len(held_out) == MOST_HELD_OUT


def test_one_user_cannot_be_divided() -> None:
    with pytest.raises(
        ValueError, match=r"^tuning of the ranker: 1 users in its window, and some have to be held out$"
    ):
        divide_by_user(replace(cases_of_users([4, 4])), 0)
