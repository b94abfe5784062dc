import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.sources.co_occurrence_vectors import co_occurrence_vectors
from trainer.item_to_item import Sequences


def test_products_are_those_of_the_factorised_information() -> None:
    random = np.random.default_rng(0)
    owners, items = np.repeat(np.arange(30), 8), random.integers(0, 9, 240)
    sequences = Sequences(owners, items, 10)  # nobody has item 9
    counts = np.zeros((10, 10))
    for first in range(240):
        for second in range(first + 1, min(first + 3, 240)):
            if owners[first] == owners[second]:
                counts[items[first], items[second]] += 1 / (second - first)
                counts[items[second], items[first]] += 1 / (second - first)
    totals = counts.sum(axis=1) + 1
    with np.errstate(divide="ignore"):
        information = np.maximum(np.log(counts * counts.sum() / np.outer(totals, totals)), 0)
    left, values, _ = np.linalg.svd(information)
    expected = (left * np.sqrt(values))[:, :4]
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-9)
    vectors = co_occurrence_vectors(sequences, dimension=4, steps=2, seed=3)
    np.testing.assert_allclose((vectors @ vectors.T)[:9, :9], (expected @ expected.T)[:9, :9], atol=1e-4)
    assert not vectors[9].any()


@pytest.mark.parametrize("dimension", [0, 3])
def test_bad_dimension(dimension: int) -> None:
    with pytest.raises(ValueError) as error:
        co_occurrence_vectors(Sequences(np.zeros(2, int), np.arange(2), 3), dimension, 1, 0)
    assert str(error.value) == f"dimension is {dimension}, expected at least 1 and less than 3 items"
