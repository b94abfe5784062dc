import numpy as np
import pytest
import tensorflow as tf

from trainer.index.inverted_lists import BLOCK, NO_ITEM, InvertedLists, offset_dtype


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    random = np.random.default_rng(0)
    # Half of them in one place: a list of k-means that has to be cut.
    near = random.normal(size=(400, 8)) * 0.01 + 1
    return np.concatenate([near, random.normal(size=(400, 8))]).astype(np.float32)


def test_each_item_has_one_slot_in_its_list(vectors: np.ndarray) -> None:
    lists = InvertedLists.of(vectors, 20, seed=0)
    slots = lists.rows[lists.rows != NO_ITEM]
    assert np.array_equal(np.sort(slots), np.arange(len(vectors)))
    of_block = np.repeat(np.arange(len(lists.centroids)), np.diff(lists.offsets))
    for number, rows in zip(of_block, lists.rows, strict=True):
        assert set(lists.lists[rows[rows != NO_ITEM]]) == {number}
    assert lists.rows.shape == (lists.offsets[-1], BLOCK)


def test_lists_are_balanced(vectors: np.ndarray) -> None:
    lists = InvertedLists.of(vectors, 20, seed=0)
    assert lists.lengths.min() > 0 and lists.lengths.max() <= 2 * len(vectors) // 20


def test_centroids_are_means(vectors: np.ndarray) -> None:
    lists = InvertedLists.of(vectors, 20, seed=0)
    expected = [vectors[lists.lists == number].mean(axis=0) for number in range(len(lists.centroids))]
    np.testing.assert_allclose(lists.centroids, expected, atol=1e-5)


def test_values_in_the_order_of_the_slots(vectors: np.ndarray) -> None:
    lists = InvertedLists.of(vectors, 20, seed=0)
    blocks = lists.in_blocks(vectors)
    filled = lists.rows != NO_ITEM
    np.testing.assert_array_equal(blocks[filled], vectors[lists.rows[filled]])
    assert not blocks[~filled].any()


@pytest.mark.parametrize(
    ("values", "dtype"), [(1, tf.int32), (2**31 - 1, tf.int32), (2**31, tf.int64), (2**40, tf.int64)]
)
def test_offsets_past_two_to_the_31(values: int, dtype: tf.DType) -> None:
    assert offset_dtype(values) == dtype
