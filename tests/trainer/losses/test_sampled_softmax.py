import doctest
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from trainer.losses import (
    Candidates,
    Embed,
    HardNegatives,
    InBatchNegatives,
    MixedNegatives,
    NegativeSource,
    QueueNegatives,
    SampledSoftmax,
    sampled_softmax,
)

TEMPERATURE = 0.2
UNIFORM_SHARE = 0.4


@keras.saving.register_keras_serializable(package="shoprank_test")
class FixedNegatives(NegativeSource):
    """Always rows 3, 2 and 9, as if drawn uniformly from twelve items."""

    def log_probability(self, log_q):
        return ops.zeros_like(log_q) - float(np.log(12))

    def call(self, queries, targets, weights, *, embed: Embed, positives=None, training=False):
        rows = np.array([3, 2, 9], np.int32)
        return Candidates(embed(rows), rows, np.log(np.array([0.02, 0.2, 0.1], np.float32)))


def reference(batch: Any, negatives: list[list[tuple[int, np.ndarray, float]]], target_log_q: np.ndarray) -> float:
    """Yi et al. 2019, equations 3 to 5, for (row, vector, log Q) of the negatives of each query."""
    losses = []
    for n, query in enumerate(batch.queries.astype(np.float64)):
        own = query @ batch.targets.vectors[n] / TEMPERATURE - target_log_q[n]
        known = {batch.targets.rows[n], *batch.positives[n]}
        rest = [query @ vector / TEMPERATURE - log_q for row, vector, log_q in negatives[n] if row not in known]
        losses.append(np.log(np.sum(np.exp([own, *rest]))) - own)
    return float(np.average(losses, weights=batch.weights))


def in_batch(batch: Any, log_q: np.ndarray) -> list[tuple[int, np.ndarray, float]]:
    used = np.flatnonzero(batch.weights)
    return [(batch.targets.rows[j], batch.targets.vectors[j], log_q[j]) for j in used]


def value(loss: SampledSoftmax, batch: Any, embed: Embed, positives: bool = True, **replaced: object) -> float:
    given = batch._replace(**replaced)
    return float(
        loss(given.queries, given.targets, given.weights, embed=embed, positives=given.positives if positives else None)
    )


def test_the_worked_example_of_the_docstring_holds() -> None:
    assert doctest.testmod(sampled_softmax) == (0, 8)
    expected = [np.log1p(np.exp(-2) * 0.1 / 0.2), np.log1p(np.exp(-2) * 0.2 / 0.1), np.log1p(np.exp(-2))]
    text = SampledSoftmax.__doc__ or ""
    assert all(f"{number:.4f}" in text for number in [*expected, np.mean(expected[:2])])


def test_in_batch_softmax_is_that_of_numpy(batch: Any, embed: Embed) -> None:
    log_q = batch.targets.log_q
    expected = reference(batch, [in_batch(batch, log_q)] * 10, log_q)
    assert value(SampledSoftmax(temperature=TEMPERATURE), batch, embed) == pytest.approx(expected, rel=1e-5)


def test_several_sources_are_corrected_by_their_mixture(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    """Yang et al. 2020, section 4.2: nine draws by share, three uniform ones."""
    loss = SampledSoftmax([InBatchNegatives(), FixedNegatives()], TEMPERATURE)
    mixture = np.log(9 / 12 * np.exp(batch.targets.log_q) + 3 / 12 / 12)
    fixed = [(3, 0.02), (2, 0.2), (9, 0.1)]
    drawn = [(row, item_vectors[row], np.log(9 / 12 * share + 3 / 12 / 12)) for row, share in fixed]
    expected = reference(batch, [in_batch(batch, mixture) + drawn] * 10, mixture)
    assert value(loss, batch, embed) == pytest.approx(expected, rel=1e-5)


def test_drawn_negatives_alone_correct_the_target_by_their_own_probability(
    batch: Any, embed: Embed, shares: np.ndarray
) -> None:
    source = MixedNegatives(12, 500, UNIFORM_SHARE, seed=1)
    source.set_shares(shares)
    twin = MixedNegatives(12, 500, UNIFORM_SHARE, seed=1)
    twin.set_shares(shares)
    known = shares[:12] / shares[:12].sum()
    log_q = np.log(UNIFORM_SHARE / 12 + (1 - UNIFORM_SHARE) * known)
    drawn = twin(batch.queries, None, None, embed=embed)
    rows, vectors = np.asarray(drawn.rows), np.asarray(drawn.vectors)
    negatives = [(row, vector, log_q[row]) for row, vector in zip(rows, vectors, strict=True)]
    expected = reference(batch, [negatives] * 10, log_q[batch.targets.rows])
    assert value(SampledSoftmax([source], TEMPERATURE), batch, embed) == pytest.approx(expected, rel=1e-5)


def test_queued_targets_are_negatives_of_the_next_batch(batch: Any, embed: Embed) -> None:
    loss = SampledSoftmax([InBatchNegatives(), QueueNegatives(20)], TEMPERATURE)
    alone = value(SampledSoftmax(temperature=TEMPERATURE), batch, embed)
    arguments = {"embed": embed, "positives": batch.positives, "training": True}
    first = loss(batch.queries, batch.targets, batch.weights, **arguments)
    assert float(first) == pytest.approx(alone, rel=1e-5)
    # The same batch again: each negative stands there twice.
    log_q = batch.targets.log_q
    second = loss(batch.queries, batch.targets, batch.weights, **arguments)
    assert float(second) == pytest.approx(reference(batch, [in_batch(batch, log_q) * 2] * 10, log_q), rel=1e-5)


def test_hard_negatives_are_compared_with_the_target_by_score(
    batch: Any, embed: Embed, item_vectors: np.ndarray
) -> None:
    source = HardNegatives(12, count=3)
    loss = SampledSoftmax([InBatchNegatives(), source], TEMPERATURE)
    loss.build((None, 4))
    source.refresh(item_vectors[:12])
    log_q, negatives = batch.targets.log_q, []
    for n, query in enumerate(batch.queries):
        known = {batch.targets.rows[n], *batch.positives[n]}
        best = sorted(set(range(12)) - known, key=lambda row: -(item_vectors[row] @ query))[:3]
        negatives.append(in_batch(batch, log_q) + [(row, item_vectors[row], log_q[n]) for row in best])
    assert value(loss, batch, embed) == pytest.approx(reference(batch, negatives, log_q), rel=1e-5)


def test_hard_negatives_alone_need_no_correction(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    loss = SampledSoftmax([HardNegatives(12, count=12)], TEMPERATURE)
    loss.build((None, 4))
    loss.negatives[0].refresh(item_vectors[:12])
    every = [(row, item_vectors[row], 0.0) for row in range(12)]
    assert value(loss, batch, embed) == pytest.approx(reference(batch, [every] * 10, np.zeros(10)), rel=1e-5)


def test_an_accidental_hit_is_as_if_it_were_not_there(batch: Any, embed: Embed) -> None:
    # The sixth example has the first one's target. Its weight is tiny instead of 0, so it stays a candidate.
    rows, weights = batch.targets.rows.copy(), np.eye(10, dtype=np.float32)[0] + 1e-12
    rows[5] = rows[0]
    hit = batch.targets._replace(rows=rows)
    kept = [n for n in range(10) if n not in (2, 5)]
    without = Candidates(*(values[kept] for values in hit))
    loss = SampledSoftmax(temperature=0.01)
    found = value(loss, batch, embed, positives=False, targets=hit, weights=weights)
    reduced = {"queries": batch.queries[kept], "targets": without, "weights": weights[kept]}
    assert found == pytest.approx(value(loss, batch, embed, positives=False, **reduced), rel=1e-6)


def test_a_hit_and_a_positive_get_no_gradient_and_padding_neither(batch: Any, embed: Embed) -> None:
    vectors = tf.Variable(batch.targets.vectors)
    weights = np.where(np.arange(10) == 9, 0, 1e-12).astype(np.float32) + np.eye(10, dtype=np.float32)[0]
    with tf.GradientTape() as tape:
        targets = batch.targets._replace(vectors=tf.convert_to_tensor(vectors))
        loss = SampledSoftmax()(batch.queries, targets, weights, embed=embed, positives=batch.positives)
    size = np.abs(tape.gradient(loss, vectors)).max(axis=1)
    # The target of the first query is row 2, its positives are rows 1 and 7.
    assert np.flatnonzero(size < 1e-9).tolist() == [1, 2, 5, 9]


def test_an_empty_batch_costs_nothing(batch: Any, embed: Embed) -> None:
    assert value(SampledSoftmax(), batch, embed, weights=np.zeros(10, np.float32)) == 0


@pytest.mark.parametrize("first", [0.02, 0.9])
def test_the_temperature_is_learned(batch: Any, embed: Embed, item_vectors: np.ndarray, first: float) -> None:
    """Queries at their targets want a low temperature; queries at other items a high one."""
    misled = (
        {"queries": np.roll(batch.targets.vectors, 1, axis=0)} if first < 0.1 else {"queries": batch.targets.vectors}
    )
    loss = SampledSoftmax(temperature=first)
    loss.build((None, 4))
    optimizer, losses = keras.optimizers.Adam(0.1), []
    given = batch._replace(**misled)
    for _ in range(20):
        with tf.GradientTape() as tape:
            current = loss(given.queries, given.targets, given.weights, embed=embed)
        gradients = tape.gradient(current, [loss.log_temperature.value])
        optimizer.apply(gradients, [loss.log_temperature])
        losses.append(float(current))
    assert losses[-1] < 0.9 * losses[0]
    assert (float(loss.temperature) > 2 * first) if first < 0.1 else (float(loss.temperature) < first / 2)


def test_log_q_keeps_its_precision_under_mixed_precision(batch: Any, embed: Embed) -> None:
    plain = value(SampledSoftmax(temperature=TEMPERATURE), batch, embed)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        loss = SampledSoftmax([InBatchNegatives(), HardNegatives(12, 2)], temperature=TEMPERATURE)
        # Shares that differ by less than bfloat16 can tell.
        shift = np.full(10, -300.25, np.float32)
        shifted = batch.targets._replace(log_q=batch.targets.log_q + shift)
        found = value(loss, batch, embed, targets=shifted)
        half = value(loss, batch, embed, queries=ops.cast(batch.queries, "bfloat16"))
    finally:
        keras.config.set_dtype_policy(previous)
    assert found == pytest.approx(plain, rel=1e-3)
    assert half == pytest.approx(plain, rel=0.02)


def test_settings_survive_a_round_trip() -> None:
    sources = [InBatchNegatives(), QueueNegatives(7), MixedNegatives(12, 3, 0.2, 4), HardNegatives(12, 2, 9, 5)]
    loss = SampledSoftmax(sources, 0.3, learn_temperature=False)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert isinstance(again, SampledSoftmax)
    assert again.get_config() == loss.get_config()
    assert [type(source) for source in again.negatives] == [type(source) for source in sources]


def test_no_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="^negatives must name at least one source, got none$"):
        SampledSoftmax([])


USERS, ITEMS, BATCH, STEPS = 4, 20, 16, 500


@pytest.fixture(scope="module")
def preferences() -> np.ndarray:
    """p(i | u) over items of Zipf popularity, [4, 20]."""
    random = np.random.default_rng(0)
    weights = random.lognormal(0, 0.7, (USERS, ITEMS)) / np.arange(1, ITEMS + 1)
    return weights / weights.sum(axis=1, keepdims=True)


def learn_free_logits(preferences: np.ndarray, sources: list[NegativeSource], corrected: bool) -> np.ndarray:
    """Logits [users, items] that minimise the loss on draws of p: items are unit axes, so q . v is free."""
    keras.utils.set_random_seed(0)
    loss = SampledSoftmax(sources, temperature=1.0, learn_temperature=False)
    logits = keras.Variable(np.zeros((USERS, ITEMS), np.float32))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.15, STEPS))
    optimizer.build([logits])
    log_q = tf.constant(np.log(preferences.mean(axis=0)) * corrected, tf.float32)
    cumulative, axes = tf.constant(preferences.cumsum(axis=1)[:, :-1], tf.float32), tf.eye(ITEMS)

    @tf.function
    def step() -> None:
        users = tf.random.uniform((BATCH,), 0, USERS, tf.int32)
        chance = tf.random.uniform((BATCH, 1))
        rows = tf.reduce_sum(tf.cast(chance > tf.gather(cumulative, users), tf.int32), axis=1)
        with tf.GradientTape() as tape:
            targets = Candidates(tf.gather(axes, rows), rows, tf.gather(log_q, rows))
            queries = tf.gather(tf.convert_to_tensor(logits.value), users)
            value = loss(queries, targets, tf.ones(BATCH), embed=lambda rows: tf.gather(axes, rows), training=True)
        optimizer.apply([tf.convert_to_tensor(tape.gradient(value, logits.value))], [logits])

    for _ in range(STEPS):
        step()
    return logits.numpy()


def distance(logits: np.ndarray, expected: np.ndarray) -> float:
    """Mean absolute difference up to a constant for each user."""
    difference = logits - expected
    return float(np.abs(difference - difference.mean(axis=1, keepdims=True)).mean())


def popular_recall(logits: np.ndarray, preferences: np.ndarray) -> float:
    """Chance that the next item is one of the five most popular and is ranked among the first five."""
    first = np.argsort(-logits, axis=1)[:, :5]
    popular = np.argsort(-preferences.mean(axis=0))[:5]
    return float(np.mean([preferences[user, np.intersect1d(first[user], popular)].sum() for user in range(USERS)]))


def test_with_log_q_the_scores_learn_the_preferences_and_popular_items_keep_their_recall(
    preferences: np.ndarray,
) -> None:
    """Yi et al. 2019, section 4: the optimum is log p with the correction, and log p / Q without it."""
    with_correction = learn_free_logits(preferences, [InBatchNegatives()], corrected=True)
    without = learn_free_logits(preferences, [InBatchNegatives()], corrected=False)
    log_p, log_q = np.log(preferences), np.log(preferences.mean(axis=0))
    assert distance(with_correction, log_p) < 0.25 < 0.6 < distance(with_correction, log_p - log_q)
    assert distance(without, log_p - log_q) < 0.25 < 0.6 < distance(without, log_p)
    best = popular_recall(log_p, preferences)
    assert popular_recall(with_correction, preferences) > 0.95 * best
    assert popular_recall(without, preferences) < 0.7 * best


def test_uniform_draws_beside_the_batch_leave_the_optimum_where_it_is(preferences: np.ndarray) -> None:
    mixed = MixedNegatives(ITEMS, BATCH, uniform_share=1.0)
    mixed.set_shares(np.append(preferences.mean(axis=0), 0))
    logits = learn_free_logits(preferences, [InBatchNegatives(), mixed, QueueNegatives(BATCH)], corrected=True)
    assert distance(logits, np.log(preferences)) < 0.25
