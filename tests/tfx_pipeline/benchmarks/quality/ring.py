"""A golden data set: items stand in a ring, and every user goes from each item to the next one."""

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.evaluation.cases import EvaluationCases

ITEMS, USERS, STEPS = 20, 60, 7


def ring_snapshot(seed: int = 0) -> Snapshot:
    """Users who start anywhere; their histories are all but the last of their items, which is to be found."""
    first = np.random.default_rng(seed).integers(0, ITEMS, USERS)
    walks = (first[:, np.newaxis] + np.arange(STEPS)) % ITEMS
    known = walks[:, :-1]
    past = Past(Shop(ITEMS), np.repeat(np.arange(USERS), STEPS - 1), known.ravel(), USERS)
    ids = [f"user {number}" for number in range(USERS)]
    return Snapshot(past, EvaluationCases.from_lists(ids, known.tolist(), walks[:, -1:].tolist(), ITEMS))
