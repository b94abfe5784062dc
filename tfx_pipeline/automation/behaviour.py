"""What each user, or each item, did: numbers that tell a program from a person."""

from dataclasses import dataclass

import numpy as np

SEQUENCE_LENGTH = 5
"""Events of one user in a row that make a sequence."""
BURST_SECONDS = 60
QUIET_HOURS = 6
"""Hours of the day, those with the fewest events of the whole shop, that count as its night."""
LEAST_GAPS = 10
"""Gaps, or sequences, that it takes to say something of them."""
_HOUR, _DAY_HOURS = 3600, 24
_BINS_AN_OCTAVE, _BINS = 2, 128
# Multiplier of Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Groups:
    """Events put together by their user, or by their item, each group in the order of time.

    Attributes:
        owners: Row of the group of each event, ascending, int64 [N].
        others: Row of the other side, the item of a user's event or the user of an item's, int64 [N].
        times: Epoch seconds, ascending within a group, int64 [N].
        starts: First event of each group, and N; int64 [G + 1].
    """

    owners: np.ndarray
    others: np.ndarray
    times: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, owners: np.ndarray, others: np.ndarray, times: np.ndarray, count: int) -> "Groups":
        """Sort events into `count` groups; events of one time keep their order."""
        order = np.lexsort((times, owners))
        sorted_owners = owners[order]
        starts = np.searchsorted(sorted_owners, np.arange(count + 1))
        return cls(sorted_owners, others[order], times[order], starts)

    @property
    def sizes(self) -> np.ndarray:
        """Events of each group, int64 [G]."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self.starts) - 1


def events_per_active_hour(groups: Groups) -> np.ndarray:
    """Events of each group by the hours in which it has some; float64 [G]."""
    hours = _distinct(groups, groups.times // _HOUR)
    return _share(groups.sizes, hours)


def largest_burst(groups: Groups) -> np.ndarray:
    """Most events of each group that lie within `BURST_SECONDS`; float64 [G]."""
    if not len(groups.times):
        return np.zeros(len(groups))
    # One ascending key for all groups, in which no burst reaches from one into the next.
    times = groups.times - groups.times.min()
    keys = groups.owners * (int(times.max()) + BURST_SECONDS + 1) + times
    ends = np.searchsorted(keys, keys + BURST_SECONDS, side="left")
    bursts = np.zeros(len(groups))
    np.maximum.at(bursts, groups.owners, ends - np.arange(len(keys)))
    return bursts


def gap_entropy(groups: Groups) -> np.ndarray:
    """Entropy of the gaps between the distinct times of each group, in bits of half-octave bins; float64 [G].

    A timer makes gaps of one length, with an entropy of about 0; people's gaps reach from seconds to weeks. Not a
    number for a group with fewer than `LEAST_GAPS` gaps.
    """
    gaps = np.diff(groups.times)
    inside = (groups.owners[1:] == groups.owners[:-1]) & (gaps > 0)
    owners = groups.owners[1:][inside]
    bins = np.floor(_BINS_AN_OCTAVE * np.log2(gaps[inside])).astype(np.int64)
    pairs, counts = np.unique(owners * _BINS + bins, return_counts=True)
    totals = np.bincount(owners, minlength=len(groups)).astype(np.float64)
    weighted = np.bincount(pairs // _BINS, counts * np.log2(counts), minlength=len(groups))
    enough = totals >= LEAST_GAPS
    safe = np.where(enough, totals, 1.0)
    # A sum of logarithms misses 0 by what rounding leaves over.
    return np.where(enough, np.maximum(np.round(np.log2(safe) - weighted / safe, 9), 0.0), np.nan)


def distinct_share(groups: Groups) -> np.ndarray:
    """Distinct items of each user, or users of each item, by its events; float64 [G] in (0, 1]."""
    return _share(_distinct(groups, groups.others), groups.sizes)


def top_share(groups: Groups) -> np.ndarray:
    """Share of the events of each group that its most frequent item, or user, has; float64 [G]."""
    owners, counts = _pair_counts(groups, groups.others)
    most = np.zeros(len(groups))
    np.maximum.at(most, owners, counts)
    return _share(most, groups.sizes)


def night_share(groups: Groups) -> np.ndarray:
    """Share of the events of each group that lie in the shop's own `QUIET_HOURS` quietest hours; float64 [G]."""
    hours = groups.times // _HOUR % _DAY_HOURS
    quiet = np.argsort(np.bincount(hours, minlength=_DAY_HOURS), kind="stable")[:QUIET_HOURS]
    at_night = np.bincount(groups.owners, np.isin(hours, quiet), minlength=len(groups))
    return _share(at_night, groups.sizes)


def repeated_sequences(groups: Groups) -> np.ndarray:
    """Share of the sequences of each user that occur again, with the same user or another; float64 [G].

    A sequence is `SEQUENCE_LENGTH` events in a row. Not a number for a user with fewer than `LEAST_GAPS` sequences.
    """
    length = len(groups.times) - SEQUENCE_LENGTH + 1
    if length <= 0:
        return np.full(len(groups), np.nan)
    mixed = np.zeros(length, np.uint64)
    for step in range(SEQUENCE_LENGTH):
        other = groups.others[step : step + length].astype(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(29)) ^ other) * _MIX
    inside = groups.owners[:length] == groups.owners[SEQUENCE_LENGTH - 1 :]
    owners = groups.owners[:length][inside]
    _, which, counts = np.unique(mixed[inside], return_inverse=True, return_counts=True)
    totals = np.bincount(owners, minlength=len(groups))
    again = np.bincount(owners, counts[which] > 1, minlength=len(groups))
    return np.where(totals >= LEAST_GAPS, _share(again, totals), np.nan)


def conversion_surprise(sizes: np.ndarray, conversions: np.ndarray) -> np.ndarray:
    """Standard errors by which the conversions of each group differ from the shop's rate; float64 [G].

    Many events that never convert, or that always do, are equally surprising. Not a number where the shop has no rate.

    Args:
        sizes: Events of each group, int [G].
        conversions: How many of them are conversions, int [G].
    """
    rate = conversions.sum() / max(sizes.sum(), 1)
    if not 0 < rate < 1:
        return np.full(len(sizes), np.nan)
    deviation = np.sqrt(np.maximum(sizes, 1) * rate * (1 - rate))
    return (conversions - sizes * rate) / deviation


def _distinct(groups: Groups, values: np.ndarray) -> np.ndarray:
    owners, _ = _pair_counts(groups, values)
    return np.bincount(owners, minlength=len(groups))


def _pair_counts(groups: Groups, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The group of each distinct pair of group and value, and how often the pair occurs."""
    if not len(values):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    shifted = values - values.min()
    pairs, counts = np.unique(groups.owners * (int(shifted.max()) + 1) + shifted, return_counts=True)
    return pairs // (int(shifted.max()) + 1), counts


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share: np.ndarray = part / np.maximum(whole, 1)
    return share
