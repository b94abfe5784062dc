"""K-means with lists of bounded length."""

import numpy as np
import tensorflow as tf

_ROUNDS = 8
_SAMPLE_PER_LIST = 32
_CHUNK = 8192
_SPLIT_ROUNDS = 5


def balanced_lists(vectors: np.ndarray, lists: int, seed: int) -> np.ndarray:
    """Put vectors into lists of near ones, none longer than twice the mean.

    Centroids come from mini-batch k-means (Sculley, "Web-scale k-means clustering", WWW 2010): each round draws a
    sample of the vectors, or takes all of a small catalogue, and moves every centroid towards the mean of what is
    nearest to it, the less the more it has seen. A list that is too long is cut where it lies, which makes more lists;
    sending its members to lists with room would put them among strangers.

    Args:
        vectors: float32 [V, D].
        lists: Lists that k-means makes; empty ones are dropped, long ones cut.
        seed: Of the samples and the first centroids.

    Returns:
        The list of each vector, int32 [V]: 0 to L - 1, none empty.
    """
    random = np.random.default_rng(seed)
    assigned = nearest_centroids(vectors, centroids_of(vectors, lists, random))
    _, assigned = np.unique(assigned, return_inverse=True)
    longest = max(1, 2 * len(vectors) // lists)
    return _split(vectors, assigned, longest, random).astype(np.int32)


def list_centroids(vectors: np.ndarray, assigned: np.ndarray, lists: int) -> np.ndarray:
    """Mean of the members of each list, zeros where there is none, float32 [L, D]."""
    sums, counts = _sums(vectors, assigned, lists)
    return (sums / np.maximum(counts, 1)[:, np.newaxis]).astype(np.float32)


def centroids_of(vectors: np.ndarray, lists: int, random: np.random.Generator) -> np.ndarray:
    """Centroids of mini-batch k-means, see `balanced_lists`.

    Args:
        vectors: float32 [V, D].
        lists: Centroids wanted, L.
        random: Draws the samples and the first centroids.

    Returns:
        float32 [L, D].
    """
    size = min(len(vectors), lists * _SAMPLE_PER_LIST)
    centroids = vectors[random.choice(len(vectors), lists, replace=lists > len(vectors))].copy()
    seen = np.zeros(lists)
    for _ in range(_ROUNDS):
        whole = size == len(vectors)
        sample = vectors if whole else vectors[random.choice(len(vectors), size, replace=False, shuffle=False)]
        sums, counts = _sums(sample, nearest_centroids(sample, centroids), lists)
        seen = counts if whole else seen + counts
        moved = counts > 0
        share = counts[moved] / seen[moved]
        means = sums[moved] / counts[moved, np.newaxis]
        centroids[moved] += (means - centroids[moved]) * share[:, np.newaxis]
        # A centroid that nothing is nearest to starts again elsewhere.
        centroids[~moved] = sample[random.integers(len(sample), size=(~moved).sum())]
    return centroids


def _sums(vectors: np.ndarray, assigned: np.ndarray, lists: int) -> tuple[np.ndarray, np.ndarray]:
    sums = tf.math.unsorted_segment_sum(vectors, assigned, lists).numpy()
    return sums, np.bincount(assigned, minlength=lists)


def nearest_centroids(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The nearest centroid of each vector, int32 [V]."""
    half = tf.constant(np.sum(centroids**2, axis=1) / 2)
    targets = tf.constant(centroids)
    nearest = [
        tf.argmax(tf.matmul(vectors[start : start + _CHUNK], targets, transpose_b=True) - half, axis=1)
        for start in range(0, len(vectors), _CHUNK)
    ]
    return tf.concat(nearest, axis=0).numpy().astype(np.int32)


def _split(vectors: np.ndarray, assigned: np.ndarray, longest: int, random: np.random.Generator) -> np.ndarray:
    """The assignment with the lists that are too long cut into parts of equal length."""
    assigned = assigned.copy()
    lengths = np.bincount(assigned)
    order = np.argsort(assigned, kind="stable")
    ends = np.cumsum(lengths)
    count = len(lengths)
    for number in np.flatnonzero(lengths > longest):
        members = order[ends[number] - lengths[number] : ends[number]]
        for part in _parts(vectors, members, -(-len(members) // longest), random)[1:]:
            assigned[part] = count
            count += 1
    return assigned


def _parts(vectors: np.ndarray, members: np.ndarray, parts: int, random: np.random.Generator) -> list[np.ndarray]:
    """Rows cut again and again across the line between two means."""
    if parts == 1:
        return [members]
    own = vectors[members]
    along = own @ _direction(own, random)
    left = parts // 2
    order = members[np.argsort(along, kind="stable")]
    cut = len(members) * left // parts
    return _parts(vectors, order[:cut], left, random) + _parts(vectors, order[cut:], parts - left, random)


def _direction(vectors: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """From one to the other of two means, float32 [D]."""
    means = vectors[random.choice(len(vectors), 2, replace=False)]
    for _ in range(_SPLIT_ROUNDS):
        direction = means[1] - means[0]
        second = vectors @ direction > (means[0] + means[1]) @ direction / 2
        if second.all() or not second.any():
            break
        means = np.stack([vectors[~second].mean(axis=0), vectors[second].mean(axis=0)])
    return means[1] - means[0]
