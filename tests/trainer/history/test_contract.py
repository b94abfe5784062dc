"""What every history encoder keeps to."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.history import CausalAttention, GRUHistory, HistoryEncoder, HistoryEvents
from trainer.history.prefix import prefix_lengths


def encode(encoder: HistoryEncoder, events: HistoryEvents) -> np.ndarray:
    return keras.ops.convert_to_numpy(encoder(events))


def test_there_is_one_vector_of_the_promised_width_for_each_view(
    encoder: HistoryEncoder, events: HistoryEvents
) -> None:
    width = encoder.output_width(events.vectors.shape[-1])
    assert encode(encoder, events).shape == (*events.visible.shape[:2], width)


def test_what_is_not_visible_never_counts(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    expected = encode(encoder, events)
    for view in range(events.visible.shape[1]):
        hidden = ~events.visible[:, view]
        vectors, types, days = events.vectors.copy(), events.event_types.copy(), events.days.copy()
        vectors[hidden], types[hidden], days[hidden] = 1e6, 0, -1e6
        changed = events._replace(vectors=vectors, event_types=types, days=days)
        np.testing.assert_array_equal(encode(encoder, changed)[:, view], expected[:, view])


def test_what_is_visible_counts(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    expected, lengths = encode(encoder, events), prefix_lengths(events.visible).numpy()
    for position in range(events.vectors.shape[1]):
        vectors = events.vectors.copy()
        vectors[:, position] *= -2
        difference = np.abs(encode(encoder, events._replace(vectors=vectors)) - expected).max(axis=-1)
        assert (difference[lengths > position] > 1e-6).all()


def test_padding_changes_nothing(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    longer = HistoryEvents(
        vectors=np.pad(events.vectors, ((0, 0), (0, 3), (0, 0)), constant_values=9.0),
        visible=np.pad(events.visible, ((0, 0), (0, 0), (0, 3))),
        event_types=np.pad(events.event_types, ((0, 0), (0, 3)), constant_values=-1),
        days=np.pad(events.days, ((0, 0), (0, 3)), constant_values=9e9),
        target_days=events.target_days,
    )
    np.testing.assert_allclose(encode(encoder, longer), encode(encoder, events), atol=1e-5)


def test_users_do_not_touch_each_other(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    order = np.array([2, 0, 3, 1])
    shuffled = HistoryEvents(*(part[order] for part in events))
    np.testing.assert_allclose(encode(encoder, shuffled), encode(encoder, events)[order], atol=1e-5)


def test_empty_histories_are_all_alike_and_finite(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    empty = encode(encoder, events)[:, 0]
    assert np.isfinite(empty).all()
    np.testing.assert_array_equal(empty, np.broadcast_to(empty[:1], empty.shape))
    nothing = HistoryEvents(events.vectors[:, :0], events.visible[:, :, :0], days=events.days[:, :0])
    np.testing.assert_array_equal(encode(encoder, nothing)[:, 0], empty)


def test_gradients_are_finite_and_reach_every_weight(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    with tf.GradientTape() as tape:
        loss = keras.ops.sum(encoder(events, training=True) ** 2)
    variables = [weight.value for weight in encoder.trainable_weights]
    for weight, gradient in zip(encoder.trainable_weights, tape.gradient(loss, variables), strict=True):
        # Row-sparse gradients are for large tables.
        assert not isinstance(gradient, tf.IndexedSlices), weight.path
        assert np.isfinite(gradient.numpy()).all(), weight.path
        assert np.abs(gradient.numpy()).max() > 0, weight.path


def test_config_round_trip(encoder: HistoryEncoder) -> None:
    again = type(encoder).from_config(encoder.get_config())
    assert again.get_config() == encoder.get_config()


def test_a_saved_encoder_gives_the_same(encoder: HistoryEncoder, saved: HistoryEncoder, events: HistoryEvents) -> None:
    np.testing.assert_array_equal(encode(saved, events), encode(encoder, events))


def test_an_exported_encoder_gives_the_same_at_any_shape(
    encoder: HistoryEncoder, events: HistoryEvents, tmp_path: Path
) -> None:
    vectors = tf.TensorSpec([None, None, events.vectors.shape[-1]], tf.float32)
    visible = tf.TensorSpec([None, None, None], tf.bool)

    module = tf.Module()
    module.weights = [weight.value for weight in encoder.weights]
    module.encode = tf.function(lambda v, seen: encoder(HistoryEvents(v, seen)), input_signature=[vectors, visible])
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    whole = encode(encoder, HistoryEvents(events.vectors, events.visible))
    np.testing.assert_allclose(loaded.encode(events.vectors, events.visible), whole, atol=1e-6)
    one = loaded.encode(events.vectors[:1, :3], events.visible[:1, 2:3, :3])
    np.testing.assert_allclose(one, whole[:1, 2:3], atol=1e-6)


def test_half_precision_stays_close(encoder: HistoryEncoder, events: HistoryEvents) -> None:
    half = type(encoder).from_config({**encoder.get_config(), "dtype": "mixed_bfloat16"})
    half(events)
    half.set_weights(encoder.get_weights())
    encoded = half(events)
    assert encoded.dtype == tf.bfloat16
    expected = encode(encoder, events)
    np.testing.assert_allclose(tf.cast(encoded, tf.float32), expected, atol=0.03 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("encoder_class", "options"), [(GRUHistory, {}), (CausalAttention, {"blocks": 1, "dropout": 0.0})]
)
def test_a_sequence_model_learns_what_follows_the_last_item(
    encoder_class: type[HistoryEncoder], options: dict[str, object]
) -> None:
    keras.utils.set_random_seed(0)
    items, random = 6, np.random.default_rng(0)
    following = random.permutation(items)
    vectors = random.normal(size=(items, 8)).astype(np.float32)
    rows = random.integers(0, items, (32, 6))
    visible = np.tril(np.ones((6, 6), bool))[None].repeat(32, axis=0)
    events, targets = HistoryEvents(vectors[rows], visible), following[rows]
    encoder, scores = encoder_class(8, **options), keras.layers.Dense(items)
    scores(encoder(events))
    weights = encoder.trainable_weights + scores.trainable_weights
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(weights)

    @tf.function(reduce_retracing=True)
    def step() -> None:
        with tf.GradientTape() as tape:
            logits = scores(encoder(events, training=True))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
        optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    for _ in range(60):
        step()
    assert (tf.argmax(scores(encoder(events)), axis=-1).numpy() == targets).mean() > 0.98
