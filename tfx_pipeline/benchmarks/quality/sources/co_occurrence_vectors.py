"""Item vectors from how often items occur near each other: where towers start from."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from trainer.item_to_item import Sequences, inverse_distances, transitions


def co_occurrence_vectors(sequences: Sequences, dimension: int, steps: int, seed: int) -> NDArray[np.float32]:
    """Factorise the positive pointwise mutual information (Levy and Goldberg 2014, sections 3.3 and 4.2).

    With C[j, i] the pairs of items j and i at a distance of up to `steps` events, counted 1 / distance each, and a dot
    for a sum over that index, the matrix of max(0, log(C[j, i] C[., .] / ((C[j, .] + 1) (C[., i] + 1)))) is U S V',
    and the vectors are U S^(1/2).

    Args:
        sequences: The events.
        dimension: Length of the vectors, D; less than the number of items.
        steps: The furthest distance.
        seed: Seed of the vector that the iteration for the singular vectors starts from.

    Returns:
        Unit vectors, zeros for an item that occurs near no other; float32 [V, D].

    Raises:
        ValueError: `dimension` is below 1, or not below the number of items.
    """
    if not 1 <= dimension < sequences.item_count:
        raise ValueError(f"dimension is {dimension}, expected at least 1 and less than {sequences.item_count} items")
    information = _positive_information(transitions(sequences, inverse_distances(steps), backward=1.0).tocoo())
    start = np.random.default_rng(seed).normal(size=sequences.item_count)
    left, values, _ = svds(information.astype(np.float64), k=dimension, v0=start)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    # What rounding leaves of an item without neighbours would become a direction.
    known = lengths > 1e-6 * lengths.max()
    return np.where(known, vectors / np.where(known, lengths, 1), 0).astype(np.float32)


def _positive_information(counts: sp.coo_matrix) -> sp.csr_matrix:
    totals = np.asarray(counts.sum(axis=1)).ravel() + 1
    expected = totals[counts.row] * totals[counts.col] / counts.data.sum()
    information = np.log(np.maximum(counts.data / expected, 1))
    return sp.csr_matrix((information, (counts.row, counts.col)), shape=counts.shape)
