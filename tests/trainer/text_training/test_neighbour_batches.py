import numpy as np
import pytest

from trainer.text_training.neighbour_batches import neighbour_batches

TOPICS, OF_A_TOPIC = 10, 4
DOCUMENTS = np.repeat(np.arange(TOPICS * OF_A_TOPIC), 2)
"""Two pairs of each document."""


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Documents of one topic are near."""
    random = np.random.default_rng(0)
    topics = np.repeat(random.normal(size=(TOPICS, 32)), OF_A_TOPIC, axis=0)
    vectors = topics + 0.1 * random.normal(size=topics.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_documents_of_a_topic_meet(vectors: np.ndarray) -> None:
    batches = list(neighbour_batches(DOCUMENTS, vectors, 8, OF_A_TOPIC, np.random.default_rng(1)))
    assert [len(batch) for batch in batches] == [8] * 5
    for batch in batches:
        assert len(set(DOCUMENTS[batch] // OF_A_TOPIC)) == 2
    assert sorted(DOCUMENTS[np.concatenate(batches)]) == list(range(TOPICS * OF_A_TOPIC))


def test_every_pair_gets_its_turn_and_order_changes(vectors: np.ndarray) -> None:
    random = np.random.default_rng(2)
    epochs = [np.concatenate(list(neighbour_batches(DOCUMENTS, vectors, 8, 4, random))) for _ in range(20)]
    assert set(np.concatenate(epochs)) == set(range(len(DOCUMENTS)))
    assert len({tuple(epoch) for epoch in epochs}) == 20
    same = np.concatenate(list(neighbour_batches(DOCUMENTS, vectors, 8, 4, np.random.default_rng(2))))
    np.testing.assert_array_equal(same, epochs[0])


@pytest.mark.parametrize(("size", "group", "batches"), [(16, 4, [16, 16]), (15, 7, [15, 15]), (64, 6, [40])])
def test_what_fills_no_batch_is_left_out(vectors: np.ndarray, size: int, group: int, batches: list[int]) -> None:
    given = list(neighbour_batches(DOCUMENTS, vectors, size, group, np.random.default_rng(0)))
    assert [len(batch) for batch in given] == batches
    assert len(set(DOCUMENTS[np.concatenate(given)])) == sum(batches)


def test_rows_need_not_be_dense(vectors: np.ndarray) -> None:
    given = list(neighbour_batches(np.array([39, 3, 39, 38]), vectors, 2, 2, np.random.default_rng(0)))
    assert len(given) == 1 and len(given[0]) == 2
