from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.history import CausalAttention, GRUHistory, HistoryEvents, RecencyMean, event_shapes, history_encoder
from trainer.towers import QueryTower, unit

USERS, VIEWS, LENGTH, WIDTH, DIMENSION = 4, 5, 5, 6, 6


@pytest.fixture(scope="module")
def users() -> np.ndarray:
    return np.arange(USERS + 1)


@pytest.fixture(scope="module")
def events() -> HistoryEvents:
    random = np.random.default_rng(0)
    batch = USERS + 1
    return HistoryEvents(
        vectors=random.normal(size=(batch, LENGTH, WIDTH)).astype(np.float32),
        visible=np.tril(np.ones((VIEWS, LENGTH), bool), -1)[None].repeat(batch, axis=0),
        event_types=random.integers(0, 3, (batch, LENGTH)),
        days=np.sort(random.random((batch, LENGTH)).astype(np.float32) * 40, axis=1),
        target_days=np.full((batch, VIEWS), 41, np.float32),
    )


@pytest.fixture(scope="module")
def context() -> np.ndarray:
    random = np.random.default_rng(1)
    return np.stack([random.integers(0, size, (USERS + 1, VIEWS)) for size in (3, 5)], axis=-1)


@pytest.fixture(scope="module")
def text() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(USERS + 1, VIEWS, 3)).astype(np.float32)


def full_tower(name: str = "causal_attention") -> QueryTower:
    keras.utils.set_random_seed(0)
    return QueryTower(
        USERS,
        DIMENSION,
        history_encoder(name, DIMENSION),
        id_dropout=0.5,
        context_sizes=(3, 5),
        text_dimension=3,
        event_type_count=3,
        use_time=True,
        residual=name != "recency_mean",
    )


@pytest.fixture(scope="module")
def plain(users: np.ndarray, events: HistoryEvents) -> QueryTower:
    keras.utils.set_random_seed(0)
    tower = QueryTower(USERS, DIMENSION, id_dropout=0.5)
    tower(users, events)
    return tower


@pytest.fixture(scope="module")
def full(users: np.ndarray, events: HistoryEvents, context: np.ndarray, text: np.ndarray) -> QueryTower:
    tower = full_tower()
    tower(users, events, context, text)
    return tower


def largest_change(one: object, other: object) -> np.ndarray:
    return np.abs(np.subtract(one, other)).max(axis=-1)


def test_queries_have_unit_length(
    plain: QueryTower, full: QueryTower, users: np.ndarray, events: HistoryEvents
) -> None:
    for tower in (plain, full):
        vectors = tower(users, events).numpy()
        assert vectors.shape == (USERS + 1, VIEWS, DIMENSION)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_the_plain_tower_is_a_perceptron_over_user_and_means(
    plain: QueryTower, users: np.ndarray, events: HistoryEvents
) -> None:
    table, log_decays, kernel, bias, out_kernel, out_bias = (
        plain.user_embedding.get_weights() + plain.history_encoder.get_weights() + plain.perceptron.get_weights()
    )
    assert kernel.shape == (DIMENSION + 3 * WIDTH, 2 * DIMENSION)
    np.testing.assert_allclose(np.exp(log_decays), [4, 32, 256], rtol=1e-6)
    user = np.broadcast_to(table[users][:, None], (USERS + 1, VIEWS, DIMENSION))
    parts = np.concatenate([user, RecencyMean()(events)], axis=-1)
    hidden = keras.activations.gelu(parts @ kernel + bias)
    np.testing.assert_allclose(plain(users, events), unit(hidden @ out_kernel + out_bias), atol=1e-5)


def test_the_user_and_the_past_count(plain: QueryTower, users: np.ndarray, events: HistoryEvents) -> None:
    stranger, known = plain(np.full_like(users, USERS), events), plain(users, events)
    np.testing.assert_allclose(stranger[-1], known[-1], atol=1e-6)
    assert largest_change(stranger[:-1], known[:-1]).min() > 1e-4
    other = plain(users, events._replace(vectors=-events.vectors))
    np.testing.assert_allclose(other[:, 0], known[:, 0], atol=1e-6)
    assert largest_change(other[:, 1:], known[:, 1:]).min() > 1e-4


def test_every_part_counts(
    full: QueryTower, users: np.ndarray, events: HistoryEvents, context: np.ndarray, text: np.ndarray
) -> None:
    expected = full(users, events, context, text)
    assert largest_change(full(users, events, context[..., ::-1] % 3, text), expected).max() > 1e-4
    assert largest_change(full(users, events, None, text), expected).min() > 1e-5
    assert largest_change(full(users, events, context), expected).min() > 1e-4
    for part, other in (
        ("event_types", None),
        ("event_types", (events.event_types + 1) % 3),
        ("days", None),
        ("days", events.days * 0.5),
        ("target_days", events.target_days + 300),
    ):
        changed = full(users, events._replace(**{part: other}), context, text)
        assert largest_change(changed, expected)[:, 2:].max(axis=1).min() > 1e-5, part


def test_what_is_not_visible_never_counts(
    full: QueryTower, users: np.ndarray, events: HistoryEvents, context: np.ndarray, text: np.ndarray
) -> None:
    """Neither its item nor its type nor its time, also where events after it are visible."""
    visible = events.visible.copy()
    visible[1, :, 2] = False
    events = events._replace(visible=visible)
    for tower in (full, full_tower("recency_mean"), full_tower("gru")):
        expected = tower(users, events, context, text).numpy()
        for view in range(VIEWS):
            hidden = ~visible[:, view]
            vectors, types, days = events.vectors.copy(), events.event_types.copy(), events.days.copy()
            vectors[hidden], types[hidden], days[hidden] = 1e4, 0, -1e4
            changed = events._replace(vectors=vectors, event_types=types, days=days)
            encoded = tower(users, changed, context, text).numpy()
            np.testing.assert_array_equal(encoded[:, view], expected[:, view])


def test_a_tower_without_users(users: np.ndarray, events: HistoryEvents) -> None:
    tower = QueryTower(0, DIMENSION)
    np.testing.assert_array_equal(tower(None, events), tower(users, events))


def test_the_state_alone_scores_as_in_sasrec(users: np.ndarray, events: HistoryEvents) -> None:
    tower = QueryTower(0, DIMENSION, CausalAttention(DIMENSION), hidden=0, residual=True)
    np.testing.assert_allclose(tower(None, events), unit(tower.history_encoder(events)), atol=1e-6)
    assert len(tower.weights) == len(tower.history_encoder.weights)


def test_the_residual_is_the_encoded_history(users: np.ndarray, events: HistoryEvents) -> None:
    tower = QueryTower(USERS, DIMENSION, GRUHistory(DIMENSION), residual=True)
    tower(users, events)
    for weight in tower.perceptron.weights:
        weight.assign(keras.ops.zeros_like(weight))
    np.testing.assert_allclose(tower(users, events), unit(tower.history_encoder(events)), atol=1e-6)


def test_dropped_users_are_strangers(plain: QueryTower, users: np.ndarray, events: HistoryEvents) -> None:
    trained, known = plain(users, events, training=True), plain(users, events)
    stranger = plain(np.full_like(users, USERS), events)
    is_known, is_stranger = largest_change(trained, known) < 1e-6, largest_change(trained, stranger) < 1e-6
    assert (is_known | is_stranger).all()
    assert 0 < is_known[:-1].mean() < 1


def test_gradients_are_finite_and_reach_every_weight(
    users: np.ndarray, events: HistoryEvents, context: np.ndarray, text: np.ndarray
) -> None:
    tower = full_tower()
    tower(users, events, context, text)
    variables = [weight.value for weight in tower.trainable_weights]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tower(users, events, context, text, training=True)[..., 0])
    for weight, gradient in zip(tower.trainable_weights, tape.gradient(loss, variables), strict=True):
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all() and values.any(), weight.path


@pytest.mark.parametrize("encoder_dtype", ["float32", "mixed_bfloat16"])
def test_half_precision_stays_close(encoder_dtype: str, users: np.ndarray, events: HistoryEvents) -> None:
    tower = QueryTower(USERS, DIMENSION, GRUHistory(DIMENSION), use_time=True, residual=True)
    tower(users, events)
    encoder = GRUHistory(DIMENSION, dtype=encoder_dtype)
    half = QueryTower(USERS, DIMENSION, encoder, use_time=True, residual=True, dtype="mixed_bfloat16")
    half(users, events)
    half.set_weights(tower.get_weights())
    assert half(users, events).dtype == tf.float32
    np.testing.assert_allclose(half(users, events), tower(users, events), atol=0.03)


def test_config_round_trip_with_the_encoder_inside(full: QueryTower) -> None:
    again = QueryTower.from_config(full.get_config())
    assert again.get_config() == full.get_config()
    assert isinstance(again.history_encoder, CausalAttention)


@keras.saving.register_keras_serializable(package="shoprank_tests")
class Queries(keras.Model):
    """A model around a query tower, built without data."""

    def __init__(self, tower: QueryTower, **kwargs: object) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.tower = tower
        if not tower.built:
            tower.build(event_shapes(WIDTH))
        self.built = True

    def call(self, inputs: tuple) -> tf.Tensor:
        return self.tower(*inputs)

    def get_config(self) -> dict:
        return {**super().get_config(), "tower": keras.saving.serialize_keras_object(self.tower)}

    @classmethod
    def from_config(cls, config: dict) -> "Queries":
        return cls(**{**config, "tower": keras.saving.deserialize_keras_object(config["tower"])})


@pytest.mark.parametrize("name", ["recency_mean", "gru", "causal_attention"])
def test_a_saved_tower_gives_the_same(
    name: str, users: np.ndarray, events: HistoryEvents, context: np.ndarray, text: np.ndarray, tmp_path: Path
) -> None:
    tower = full_tower(name)
    Queries(tower).save(tmp_path / "queries.keras")
    again = keras.saving.load_model(tmp_path / "queries.keras").tower
    np.testing.assert_array_equal(again(users, events, context, text), tower(users, events, context, text))


@pytest.mark.parametrize("name", ["recency_mean", "gru", "causal_attention"])
def test_an_exported_tower_gives_the_same_at_any_shape(
    name: str, users: np.ndarray, events: HistoryEvents, tmp_path: Path
) -> None:
    tower = full_tower(name)
    expected = tower(users, events).numpy()
    signature = [
        tf.TensorSpec([None], tf.int64),
        tf.TensorSpec([None, None, WIDTH], tf.float32),
        tf.TensorSpec([None, None, None], tf.bool),
        tf.TensorSpec([None, None], tf.int64),
        tf.TensorSpec([None, None], tf.float32),
        tf.TensorSpec([None, None], tf.float32),
    ]
    module = tf.Module()
    module.weights = [weight.value for weight in tower.weights]
    module.encode = tf.function(lambda rows, *parts: tower(rows, HistoryEvents(*parts)), input_signature=signature)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_allclose(loaded.encode(users, *events), expected, atol=1e-5)
    one = (part[:1, :3] if part.ndim == 2 else part[:1, :3, :] for part in events[:1])
    single = loaded.encode(
        users[:1],
        *one,
        events.visible[:1, 2:3, :3],
        events.event_types[:1, :3],
        events.days[:1, :3],
        events.target_days[:1, 2:3],
    )
    np.testing.assert_allclose(single, expected[:1, 2:3], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"user_count": -1}, "user_count: at least 0, not -1"),
        ({"text_dimension": -1}, "text_dimension: at least 0, not -1"),
        ({"event_type_count": -1}, "event_type_count: at least 0, not -1"),
        ({"hidden": -1}, "hidden: at least 0, not -1"),
        ({"id_dropout": 2.0}, "rate: between 0 and 1, not 2.0"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        QueryTower(**{"user_count": USERS, "dimension": DIMENSION, **arguments})
    assert str(error.value) == message


def test_a_trained_encoder_keeps_its_weights(users: np.ndarray, events: HistoryEvents) -> None:
    encoder = GRUHistory(DIMENSION)
    expected = encoder(events)
    tower = QueryTower(USERS, DIMENSION, encoder)
    tower(users, events)
    np.testing.assert_array_equal(tower.history_encoder(events), expected)


def test_a_residual_needs_a_history_of_its_length() -> None:
    tower = QueryTower(USERS, DIMENSION, residual=True)
    with pytest.raises(ValueError, match=r"^residual: the encoded history must have length 6, not 18$"):
        tower.build(event_shapes(WIDTH))


def test_wrong_parts_are_named(plain: QueryTower, users: np.ndarray, events: HistoryEvents, text: np.ndarray) -> None:
    for arguments, message in (
        ({"users": None}, "users: missing, and the tower was made with them"),
        ({"context": np.zeros((5, 5, 1), np.int64)}, "context: 0 features, not 1"),
        ({"text": text}, "text: vectors of length 0, not 3"),
    ):
        with pytest.raises(ValueError) as error:
            plain.call(**{"users": users, "events": events, **arguments})
        assert str(error.value) == message
