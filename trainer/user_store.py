"""The user store: the last events of each known user at the end of the training window."""

from dataclasses import dataclass

import numpy as np

from trainer.user_events import UserEvents, ages_at, last_events


@dataclass(frozen=True)
class UserStore:
    """Tables with one row a user of the vocabulary and an empty last row for strangers; -1 pads.

    Attributes:
        items: Catalogue rows, oldest first, int32 [U + 1, H].
        event_types: Rows of the event types, int32 [U + 1, H].
        ages: Days from each event to the end of the training window, float32 [U + 1, H].
    """

    items: np.ndarray
    event_types: np.ndarray
    ages: np.ndarray

    @classmethod
    def from_events(cls, events: UserEvents, user_count: int, length: int) -> "UserStore":
        """Take the last `length` events of each example of the users split; U is `user_count`.

        The latest of all events stands for the end of the training window.
        """
        end = np.full(len(events), events.timestamps.max(initial=0))
        known = events.users < user_count
        tables = []
        for values in (events.items, events.event_types, ages_at(end, events)):
            latest = last_events(values, events, length)
            table = np.full((user_count + 1, length), -1, latest.dtype)
            table[events.users[known]] = latest[known]
            tables.append(table)
        return cls(*tables)
