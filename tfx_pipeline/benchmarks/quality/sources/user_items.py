"""What the users of cases did before, where a history alone does not tell it: the events of a past, by event type."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.evaluation.cases import EvaluationCases


def user_items(past: Past, event_types: Sequence[str]) -> sp.csr_matrix:
    """Which items each user has events of some types with.

    Args:
        past: The events, with their behaviours.
        event_types: Names of event types of the shop.

    Returns:
        Zeros and ones; float32 [U, V], CSR with sorted columns.

    Raises:
        ValueError: The past has no behaviours, or the shop has no such event type.
    """
    chosen = events_of(past, event_types)
    entries = (np.ones(int(chosen.sum()), np.float32), (past.users[chosen], past.items[chosen]))
    matrix = sp.csr_matrix(entries, shape=(past.user_count, past.shop.item_count))
    matrix.data[:] = 1
    return matrix


def events_of(past: Past, event_types: Sequence[str]) -> NDArray[np.bool_]:
    """Which events are of some types; bool [E].

    Raises:
        ValueError: The past has no behaviours, or the shop has no such event type.
    """
    known = past.shop.event_types
    for event_type in event_types:
        if event_type not in known:
            raise ValueError(f"event_types holds {event_type!r}, expected some of {', '.join(known) or 'none'}")
    if past.behaviours is None:
        raise ValueError("behaviours of the past are None, expected the type of each event")
    return np.isin(past.behaviours, [known.index(event_type) for event_type in event_types])


def case_users(cases: EvaluationCases) -> NDArray[np.int64]:
    """The number in the past of the user of each case, which is the id of the case; int64 [C]."""
    return np.array(cases.user_ids, np.int64)
