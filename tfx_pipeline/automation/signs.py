"""The signs of automation: what is measured of users and of items, which way is suspicious, and how to say it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfx_pipeline.automation import behaviour
from tfx_pipeline.automation.behaviour import Groups
from tfx_pipeline.automation.robust_scores import robust_z_scores
from tfx_pipeline.number_format import format_number

Kind = Literal["pace", "rhythm", "choice", "outcome"]


@dataclass(frozen=True)
class Sign:
    """One thing that is measured.

    Attributes:
        name: Its name in tables.
        kind: What it is about. Signs of one kind tend to come together and count once.
        suspicious: The end of the scale that is suspicious.
        least_deviation: Smallest deviation that counts as one, in units of the value, or of its logarithm.
        words: What a value means; `{value}` and `{usual}` stand for it and for the median.
        of_logarithm: Whether the natural logarithm is scored, for counts without an upper end.
        is_share: Whether values are shares, which are told in per cent.
    """

    name: str
    kind: Kind
    suspicious: Literal["high", "low", "both"]
    least_deviation: float
    words: str
    of_logarithm: bool = False
    is_share: bool = False

    def scores(self, values: np.ndarray) -> np.ndarray:
        """How far each value is out towards the suspicious end, in robust deviations; float64 [G], 0 where unknown."""
        scaled = np.log(np.maximum(values, 1e-9)) if self.of_logarithm else values
        scores = robust_z_scores(scaled, self.least_deviation)
        if self.suspicious == "both":
            return np.abs(scores)
        return scores if self.suspicious == "high" else -scores

    def reason(self, value: float, usual: float) -> str:
        """A value in words, such as `41 events within one minute (usual: 2)`."""
        return self.words.format(value=self._number(value), usual=self._number(usual))

    def _number(self, value: float) -> str:
        return (
            f"{100 * value:.0f} %" if self.is_share else format_number(float(f"{value:.2g}") if value < 100 else value)
        )


RATE = Sign("events per active hour", "pace", "high", 0.25, "{value} events per active hour (usual: {usual})", True)
BURST = Sign("largest burst", "pace", "high", 0.25, "{value} events within one minute (usual: {usual})", True)
GAPS = Sign("entropy of gaps", "rhythm", "low", 0.25, "gaps of one length, an entropy of {value} bits (usual: {usual})")
NIGHT = Sign(
    "night share",
    "rhythm",
    "high",
    0.05,
    "{value} of the events in the shop's quietest hours (usual: {usual})",
    is_share=True,
)
DISTINCT_ITEMS = Sign(
    "distinct items", "choice", "both", 0.05, "distinct items are {value} of the events (usual: {usual})", is_share=True
)
SEQUENCES = Sign(
    "repeated sequences",
    "choice",
    "high",
    0.05,
    "{value} of the sequences of five items occur again (usual: {usual})",
    is_share=True,
)
CONVERSION = Sign(
    "conversion", "outcome", "both", 1.0, "{value} standard errors from the shop's conversion rate (usual: {usual})"
)
TOP_USER = Sign(
    "largest user's share", "choice", "high", 0.05, "{value} of the events by one user (usual: {usual})", is_share=True
)

USER_SIGNS = (RATE, BURST, GAPS, NIGHT, DISTINCT_ITEMS, SEQUENCES, CONVERSION)
ITEM_SIGNS = (BURST, GAPS, NIGHT, TOP_USER, CONVERSION)

_OF_CLOCK = {
    RATE: behaviour.events_per_active_hour,
    BURST: behaviour.largest_burst,
    GAPS: behaviour.gap_entropy,
    NIGHT: behaviour.night_share,
}
_OF_ORDER = {
    DISTINCT_ITEMS: behaviour.distinct_share,
    SEQUENCES: behaviour.repeated_sequences,
    TOP_USER: behaviour.top_share,
}


def measure(signs: tuple[Sign, ...], groups: Groups, conversions: np.ndarray, has_clock: bool) -> np.ndarray:
    """Measure signs of groups.

    Args:
        signs: `USER_SIGNS` or `ITEM_SIGNS`.
        groups: The events by user, or by item.
        conversions: Conversions of each group, int [G].
        has_clock: Whether the times are those of a clock; without one the signs of time are not known.

    Returns:
        float64 [signs, G], not a number where unknown.
    """
    return np.stack([_measure(sign, groups, conversions, has_clock) for sign in signs])


def _measure(sign: Sign, groups: Groups, conversions: np.ndarray, has_clock: bool) -> np.ndarray:
    if sign is CONVERSION:
        return behaviour.conversion_surprise(groups.sizes, conversions)
    if sign in _OF_ORDER:
        return _OF_ORDER[sign](groups).astype(np.float64)
    return _OF_CLOCK[sign](groups).astype(np.float64) if has_clock else np.full(len(groups), np.nan)
