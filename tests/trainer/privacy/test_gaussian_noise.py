import numpy as np
import pytest
import tensorflow as tf

from trainer.privacy.gaussian_noise import noisy_mean


def source(seed: int = 3) -> tf.random.Generator:
    return tf.random.Generator.from_seed(seed, alg="philox")


def test_it_is_the_sum_with_noise_by_the_expected_number() -> None:
    """The NumPy reference gets the same standard normal draws: (sum + sigma C z) / expected."""
    sums = [np.arange(6, dtype=np.float32).reshape(3, 2), np.float32(4.0)]
    draws = source()
    normal = [draws.normal(np.shape(total)).numpy() for total in sums]
    expected = [(total + 1.5 * 0.2 * z) / 8 for total, z in zip(sums, normal, strict=True)]
    found = noisy_mean([tf.constant(total) for total in sums], 0.2, 1.5, 8, source())
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-6)


def test_every_number_gets_noise_of_its_own() -> None:
    """Rows that no user touched get as much as the others."""
    (noise,) = noisy_mean([tf.zeros((1000, 20))], 0.5, 2.0, 1, source())
    values = noise.numpy()
    assert values.std() == pytest.approx(1.0, rel=0.03)
    assert np.abs(values.mean()) < 0.03
    assert values.std(axis=1).min() > 0.4
    assert len(np.unique(values)) > 19_000
