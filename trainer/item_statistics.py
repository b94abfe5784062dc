"""What the past says of each item at one moment: its popularity, and how often and when it is bought again."""

from dataclasses import dataclass

import numpy as np

from trainer.user_events import UserEvents

DAY = 24 * 3600
WEEK, RECENT, QUARTER = 7, 28, 91
"""Days behind the three recent popularities."""


@dataclass(frozen=True)
class ItemStatistics:
    """Statistics of V items, and of an unknown one in the last row; float32 [V + 1] each.

    Attributes:
        log_share: log((events + 1) / (all events + V + 1)).
        log_week_share: The same over the last week.
        log_recent_share: The same over the last four weeks.
        log_quarter_share: The same over the last 13 weeks.
        repeat_rate: Share of an item's buyers with more than one event, shrunk to the mean of all items.
        interval: Mean days between two events of one user with the item, shrunk to the mean of all items.
        count: Events.
    """

    log_share: np.ndarray
    log_week_share: np.ndarray
    log_recent_share: np.ndarray
    log_quarter_share: np.ndarray
    repeat_rate: np.ndarray
    interval: np.ndarray
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
    days_ago = (timestamps.max(initial=0) - timestamps) / DAY
    count = np.bincount(items, minlength=item_count + 1)

    def log_share_of_last(days: int) -> np.ndarray:
        return _log_share(np.bincount(items[days_ago < days], minlength=item_count + 1))

    return ItemStatistics(
        log_share=_log_share(count),
        log_week_share=log_share_of_last(WEEK),
        log_recent_share=log_share_of_last(RECENT),
        log_quarter_share=log_share_of_last(QUARTER),
        repeat_rate=_repeat_rate(items, users, item_count),
        interval=_interval(items, users, timestamps, item_count),
        count=count.astype(np.float32),
    )


def _targets(parts: list[UserEvents]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    items = np.concatenate([part.items[part.is_target] for part in parts])
    users = np.concatenate([part.users[part.owners][part.is_target] for part in parts])
    return items, users, np.concatenate([part.timestamps[part.is_target] for part in parts])


def _log_share(count: np.ndarray) -> np.ndarray:
    return np.log((count + 1.0) / (count.sum() + len(count))).astype(np.float32)


def _interval(
    items: np.ndarray, users: np.ndarray, timestamps: np.ndarray, item_count: int, strength: float = 5.0
) -> np.ndarray:
    """Empirical-Bayes mean of the days between neighbouring times of one user with one item."""
    order = np.lexsort((timestamps, users, items))
    item, user, time = items[order], users[order], timestamps[order]
    gaps = np.diff(time) / DAY
    counts = (item[1:] == item[:-1]) & (user[1:] == user[:-1]) & (gaps > 0)
    mean = gaps[counts].mean() if counts.any() else 0.0
    number = np.bincount(item[1:][counts], minlength=item_count + 1)
    total = np.bincount(item[1:][counts], weights=gaps[counts], minlength=item_count + 1)
    return ((total + strength * mean) / (number + strength)).astype(np.float32)


def _repeat_rate(items: np.ndarray, users: np.ndarray, item_count: int, strength: float = 10.0) -> np.ndarray:
    """Empirical-Bayes mean of "this buyer came back": (repeaters + strength * mean) / (buyers + strength)."""
    pairs, times = np.unique(items * (users.max(initial=0) + 1) + users, return_counts=True)
    of_pair = pairs // (users.max(initial=0) + 1)
    buyers = np.bincount(of_pair, minlength=item_count + 1)
    repeaters = np.bincount(of_pair, weights=times > 1, minlength=item_count + 1)
    mean = repeaters.sum() / max(buyers.sum(), 1)
    return ((repeaters + strength * mean) / (buyers + strength)).astype(np.float32)


def target_counts(windows: UserEvents, item_count: int, repeats: bool) -> np.ndarray:
    """How often each item is a target of the towers, [V + 1].

    Args:
        windows: Training windows.
        item_count: Items in the catalogue, V.
        repeats: Whether what a user chooses again counts again.
    """
    items, users, _ = _targets([windows])
    if not repeats:
        items = np.unique(users * (item_count + 1) + items) % (item_count + 1)
    return np.bincount(items, minlength=item_count + 1)
