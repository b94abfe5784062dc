"""Repeat habits: what a user comes back for, and how often."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.profile.stored_shop import StoredShop

LEAST_TIMES = 3


@dataclass(frozen=True)
class RepeatedItem:
    """An item that a user had at `LEAST_TIMES` times or more.

    Attributes:
        item_id: Its id.
        title: Its title.
        times: Times with an event of it.
        days_between: Median of the days between two of them; None where the shop's times are no clock.
        days_ago: Days from the last one to the end of the training window; None likewise.
    """

    item_id: str
    title: str
    times: int
    days_between: float | None
    days_ago: float | None


@dataclass(frozen=True)
class RepeatHabit:
    """How much a user repeats.

    Attributes:
        share: Share of the stored events whose item the user had before.
        of_shop: The same of all users' events.
        items: The items that come back most often.
    """

    share: float
    of_shop: float
    items: list[RepeatedItem]


def repeat_habit(shop: StoredShop, user: int, most: int) -> RepeatHabit:
    """The repeat habit of a user, with at most so many items."""
    own, all_of_shop = _repeats(shop.items[[user]]), _repeats(shop.items)
    return RepeatHabit(own, all_of_shop, _items(shop, user, most))


def _repeats(items: np.ndarray) -> float:
    """Share of the events of some users, int [users, H], that repeat an earlier event of the same user."""
    known = items >= 0
    owners = np.broadcast_to(np.arange(len(items))[:, np.newaxis], items.shape)[known]
    distinct = len(np.unique(owners * (int(items.max(initial=0)) + 1) + items[known]))
    return 1.0 - distinct / max(int(known.sum()), 1)


def _items(shop: StoredShop, user: int, most: int) -> list[RepeatedItem]:
    known = shop.items[user] >= 0
    items, ages = shop.items[user][known], shop.ages[user][known].astype(np.float64)
    # Lines of one basket are one time. Without a clock every event is a time of its own.
    moments = ages if shop.has_clock else np.arange(len(items), 0, -1).astype(np.float64)
    pairs = np.unique(np.stack([items.astype(np.float64), -moments]), axis=1)
    found, starts, times = np.unique(pairs[0].astype(np.int64), return_index=True, return_counts=True)
    order = np.argsort(-times, kind="stable")[:most]
    return [
        _repeated(shop, int(found[place]), -pairs[1, starts[place] : starts[place] + times[place]])
        for place in order.tolist()
        if times[place] >= LEAST_TIMES
    ]


def _repeated(shop: StoredShop, item: int, ages: np.ndarray) -> RepeatedItem:
    """An item with the ages of its times, the oldest first."""
    between, ago = float(np.median(-np.diff(ages))), float(ages[-1])
    days = (between, ago) if shop.has_clock else (None, None)
    return RepeatedItem(str(shop.item_ids[item]), shop.title(item), len(ages), *days)
