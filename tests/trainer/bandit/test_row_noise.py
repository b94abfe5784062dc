"""SplitMix64 against its published recurrence, and the numbers it gives."""

import numpy as np
import tensorflow as tf
from scipy.stats import kstest

from trainer.bandit.row_noise import row_uniforms

_MASK = 2**64 - 1


def _mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def test_numbers_are_those_of_splitmix() -> None:
    seeds = [0, 1, -1, 2**62, -(2**63)]
    got = row_uniforms(tf.constant(seeds, tf.int64), 4, stream=3).numpy()
    for seed, row in zip(seeds, got, strict=True):
        start = _mixed((seed + 3 * 0x9E3779B97F4A7C15) & _MASK)
        expected = [_mixed((start + step * 0x9E3779B97F4A7C15) & _MASK) >> 11 for step in range(1, 5)]
        np.testing.assert_array_equal(row, np.array(expected) * 2.0**-53)


def test_numbers_of_neighbouring_seeds_are_uniform_and_unrelated() -> None:
    numbers = row_uniforms(tf.range(20_000, dtype=tf.int64), 3, stream=1).numpy()
    assert kstest(numbers.ravel(), "uniform").pvalue > 0.001
    assert np.abs(np.corrcoef(numbers.T)[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]) < 4 / np.sqrt(20_000)
