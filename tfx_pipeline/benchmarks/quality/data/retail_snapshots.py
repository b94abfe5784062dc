"""Moments in the life of a shop whose purchases have times."""

from collections.abc import Sequence

from tfx_pipeline.benchmarks.baseline_data.time_cut import TimedPurchases
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.sources.basket_lines import basket_numbers


def snapshot(purchases: TimedPurchases, shop: Shop, windows_before: float, window: float) -> Snapshot:
    """What was known at a moment, and what the users bought in the window after it.

    Args:
        purchases: All purchases.
        shop: Their items.
        windows_before: Windows from the moment to the cut that is measured; 0 for the cut, after which all counts.
        window: Days of a window.
    """
    known, cases = purchases.cut(windows_before * window, window if windows_before else None)
    assert known.ages is not None
    baskets = basket_numbers(known.users, known.ages)
    return Snapshot(Past(shop, known.users, known.items, known.user_count, known.ages, baskets), cases)


def snapshots(purchases: TimedPurchases, shop: Shop, learn: Sequence[float], window: float) -> list[Snapshot]:
    """A snapshot so many windows before the cut for each of `learn`."""
    return [snapshot(purchases, shop, windows_before, window) for windows_before in learn]
