"""The rewards of shown slots, from outcomes inside the attribution window."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

Objectives = Mapping[str, tuple[Sequence[str], float]]
"""Objective -> the event types that count for it, and its weight in the utility."""
_EVENT = ["request_id", "item_id", "event_type", "timestamp", "value"]


@dataclass(frozen=True)
class Rewards:
    """Rewards of S slots.

    Attributes:
        of_objective: Objective -> its part of the reward, float64 [S].
        fates: What became of each outcome, by the names of `JoinCounts`, object [outcomes].
    """

    of_objective: dict[str, np.ndarray]
    fates: np.ndarray


def attribute(
    slots: pd.DataFrame,
    request_ids: Collection[str],
    outcomes: pd.DataFrame,
    objectives: Objectives,
    window_seconds: int,
    times_value: Collection[str],
) -> Rewards:
    """Give each slot at most one event of every objective: the first inside the window.

    Args:
        slots: One row a slot: `request_id`, `item_id`, `timestamp` of the slate, and `is_ready`, whether to use it.
        request_ids: All slates, those without a slot as well.
        outcomes: As `read_outcomes` has them.
        objectives: What counts, and how much.
        window_seconds: An outcome counts from the second of the slate until this much later, both included.
        times_value: Objectives whose weight is multiplied by the event's value; an unknown value counts 1.

    Returns:
        The rewards in the order of `slots`.
    """
    events = outcomes[_EVENT].reset_index(drop=True)
    fates = np.full(len(events), "", object)
    events = events.assign(place=np.arange(len(events)))
    keys = slots[["request_id", "item_id", "is_ready"]].assign(
        slot_row=np.arange(len(slots)), shown_at=slots["timestamp"]
    )
    events = events.merge(keys, how="left", on=["request_id", "item_id"]).sort_values("place", ignore_index=True)
    happened, shown_at = events["timestamp"].to_numpy(), events["shown_at"].to_numpy()
    counts_for = {name: events["event_type"].isin(types).to_numpy() for name, (types, _) in objectives.items()}
    reasons = {
        "duplicate": events.duplicated(_EVENT).to_numpy(),
        "unknown_request": ~events["request_id"].isin(request_ids).to_numpy(),
        "not_shown": events["slot_row"].isna().to_numpy(),
        "early": happened < shown_at,
        "late": happened > shown_at + window_seconds,
        "of_left_out_slates": (events["is_ready"] == False).to_numpy(),  # noqa: E712  also NaN where not shown
        "other_event_types": ~np.any([*counts_for.values(), np.zeros(len(events), bool)], axis=0),
    }
    for reason, holds in reasons.items():
        fates[holds & (fates == "")] = reason
    usable = fates == ""
    fates[usable] = "repeated"
    rewards = {}
    for name, (_, weight) in objectives.items():
        first = _first_events(events[usable & counts_for[name]])
        fates[first["place"].to_numpy()] = "counted"
        values = first["value"].fillna(1.0).to_numpy() if name in times_value else 1.0
        rewards[name] = np.zeros(len(slots))
        rewards[name][first["slot_row"].to_numpy().astype(np.int64)] = weight * values
    return Rewards(rewards, fates)


def _first_events(events: pd.DataFrame) -> pd.DataFrame:
    # All columns decide, so that the order in which events were written does not.
    ordered = events.sort_values(["slot_row", "timestamp", "event_type", "value"])
    return ordered[~ordered["slot_row"].duplicated()]
