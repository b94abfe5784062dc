"""What the past says about each item at one moment: popularity, recent popularity and how often it is bought again."""

from dataclasses import dataclass

import numpy as np

from trainer.user_events import UserEvents

RECENT_SECONDS = 28 * 24 * 3600


@dataclass(frozen=True)
class ItemStatistics:
    """Statistics of V items, and of an unknown one in the last row; float32 [V + 1] each.

    Attributes:
        log_share: log((events + 1) / (all events + V + 1)).
        log_recent_share: The same over the last four weeks.
        repeat_rate: Share of an item's buyers with more than one event, shrunk to the mean of all items.
        count: Events.
    """

    log_share: np.ndarray
    log_recent_share: np.ndarray
    repeat_rate: np.ndarray
    count: np.ndarray


def item_statistics(parts: list[UserEvents], item_count: int) -> ItemStatistics:
    """Statistics of the target events of some examples, as of the moment after the last of them.

    Args:
        parts: Examples whose targets do not overlap, such as the training windows and the ranker's cases.
        item_count: Items in the catalogue, V.
    """
    items, users, timestamps = _targets(parts)
    known = items < item_count
    items, users, timestamps = items[known], users[known], timestamps[known]
    recent = timestamps > timestamps.max(initial=0) - RECENT_SECONDS
    count = np.bincount(items, minlength=item_count + 1)
    return ItemStatistics(
        log_share=_log_share(count),
        log_recent_share=_log_share(np.bincount(items[recent], minlength=item_count + 1)),
        repeat_rate=_repeat_rate(items, users, item_count),
        count=count.astype(np.float32),
    )


def _targets(parts: list[UserEvents]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    items = np.concatenate([part.items[part.is_target] for part in parts])
    users = np.concatenate([part.users[part.owners][part.is_target] for part in parts])
    return items, users, np.concatenate([part.timestamps[part.is_target] for part in parts])


def _log_share(count: np.ndarray) -> np.ndarray:
    return np.log((count + 1.0) / (count.sum() + len(count))).astype(np.float32)


def _repeat_rate(items: np.ndarray, users: np.ndarray, item_count: int, strength: float = 10.0) -> np.ndarray:
    """Empirical-Bayes mean of "this buyer came back": (repeaters + strength * mean) / (buyers + strength)."""
    pairs, times = np.unique(items * (users.max(initial=0) + 1) + users, return_counts=True)
    of_pair = pairs // (users.max(initial=0) + 1)
    buyers = np.bincount(of_pair, minlength=item_count + 1)
    repeaters = np.bincount(of_pair, weights=times > 1, minlength=item_count + 1)
    mean = repeaters.sum() / max(buyers.sum(), 1)
    return ((repeaters + strength * mean) / (buyers + strength)).astype(np.float32)
