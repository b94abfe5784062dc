"""The events of a history as the encoders take them."""

from typing import NamedTuple

import keras


class HistoryEvents(NamedTuple):
    """Histories of B users, L events each, seen from T points of view.

    Attributes:
        vectors: Item vectors, oldest first, float [B, L, E]; padding follows the events and may hold anything finite.
        visible: Which events each point of view may see, bool [B, T, L]; padding is never visible.
        event_types: Rows of the event types, int [B, L], -1 where unknown; None without types.
        days: Time of each event in days, from any origin of the user, float32 [B, L]; None without times.
        target_days: Time of each point of view in days, from the same origin, float32 [B, T]; None without times.
    """

    vectors: keras.KerasTensor
    visible: keras.KerasTensor
    event_types: keras.KerasTensor | None = None
    days: keras.KerasTensor | None = None
    target_days: keras.KerasTensor | None = None


def event_shapes(width: int) -> HistoryEvents:
    """Shapes to build an encoder or a query tower with, before there is data.

    Args:
        width: Length of the item vectors, E.
    """
    return HistoryEvents(vectors=(None, None, width), visible=(None, None, None))


def vector_width(events_shape: HistoryEvents) -> int:
    """Length of the item vectors, E; the shapes may have become plain lists in a saved file."""
    return int(events_shape[0][-1])
