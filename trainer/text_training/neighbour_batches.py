"""Batches in which documents that are alike meet: the wrong answers of a batch are hard, and cost nothing more."""

from collections.abc import Iterator

import numpy as np


def neighbour_batches(
    documents: np.ndarray, vectors: np.ndarray, size: int, group: int, random: np.random.Generator
) -> Iterator[np.ndarray]:
    """Cut pairs into batches made of groups of near documents, one pair a document.

    A group is a document drawn at random and the nearest of those that are in no group yet; batches take groups in
    random order. A document's pair is drawn anew at each call. Like the batches of neighbours in the training of ANCE
    (Xiong et al. 2021, section 3), but the neighbours come with queries of their own, so that no text is encoded only
    to be wrong. What is left over for no full batch is left out, a single short batch is not.

    Args:
        documents: Row of the document of each pair, int64 [N].
        vectors: Unit vectors of all documents, float32 [D, dimension].
        size: Pairs of a batch.
        group: Documents of a group.
        random: Source of the draws.

    Yields:
        Numbers of pairs, int64 [size].
    """
    shuffled = random.permutation(len(documents))
    rows, places = np.unique(documents[shuffled], return_index=True)
    grouped = [shuffled[places[members]] for members in _groups(vectors[rows], group, random)]
    order = np.concatenate([grouped[number] for number in random.permutation(len(grouped))])
    used = len(order) // size * size or len(order)
    for start in range(0, used, size):
        yield order[start : start + size]


def _groups(vectors: np.ndarray, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """Places of near vectors; each is in one group, and only the last group may be smaller."""
    left = np.arange(len(vectors))
    groups = []
    while len(left):
        near = vectors[left] @ vectors[left[random.integers(len(left))]]
        nearest = np.argpartition(-near, min(size, len(left)) - 1)[:size]
        groups.append(left[nearest])
        left = np.delete(left, nearest)
    return groups
