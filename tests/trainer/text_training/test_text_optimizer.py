import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.text_training.text_optimizer import Decay, WarmupDecay, text_optimizer


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        ("linear", [0.2, 0.4, 0.6, 0.8, 1.0, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0.0, 0.0]),
        ("cosine", [0.2, 0.4, 0.6, 0.8, *((1 + np.cos(np.pi * np.arange(7) / 6)) / 2), 0.0]),
        ("constant", [0.2, 0.4, 0.6, 0.8, *[1.0] * 8]),
    ],
)
def test_the_rate_rises_and_falls(decay: Decay, expected: list[float]) -> None:
    schedule = WarmupDecay(3e-4, updates=10, warmup=4, decay=decay)
    rates = [float(schedule(step)) for step in range(12)]
    np.testing.assert_allclose(rates, 3e-4 * np.array(expected), atol=1e-10)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert [float(again(step)) for step in range(12)] == rates


def variables() -> list[keras.Variable]:
    random = np.random.default_rng(0)
    names = {"kernel": (3, 2), "bias": (2,), "gamma": (2,), "beta": (2,)}
    return [keras.Variable(random.normal(size=shape), dtype="float32", name=name) for name, shape in names.items()]


def test_biases_and_norms_do_not_decay() -> None:
    group = variables()
    before = [each.numpy() for each in group]
    text_optimizer(0.1, group, weight_decay=0.5).apply([tf.zeros(each.shape) for each in group], group)
    factors = [each.numpy() / old for each, old in zip(group, before, strict=True)]
    np.testing.assert_allclose(factors[0], np.full((3, 2), 0.95), rtol=1e-6)
    for factor in factors[1:]:
        np.testing.assert_array_equal(factor, np.ones(2))


def test_accumulated_parts_make_the_update_of_the_whole_batch() -> None:
    random = np.random.default_rng(1)
    gradients = [[random.normal(size=each.shape).astype(np.float32) for each in variables()] for _ in range(6)]
    results = []
    for parts in (1, 3):
        group = variables()
        schedule = WarmupDecay(0.05, updates=2, warmup=1, accumulation_steps=parts)
        optimizer = text_optimizer(schedule, group, 0.1, clip_norm=0.5, accumulation_steps=parts)
        for first in range(0, 6, 3):
            if parts == 3:
                for part in gradients[first : first + 3]:
                    optimizer.apply([tf.constant(values) for values in part], group)
            else:
                means = [np.mean(values, axis=0) for values in zip(*gradients[first : first + 3], strict=True)]
                optimizer.apply([tf.constant(values) for values in means], group)
        results.append([each.numpy() for each in group])
    for accumulated, whole in zip(*results, strict=True):
        np.testing.assert_allclose(accumulated, whole, rtol=1e-5, atol=1e-6)
