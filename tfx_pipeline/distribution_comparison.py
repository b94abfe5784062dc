"""How far the events of two times or places are apart, feature by feature: the results, their JSON and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.validation_config import ValidationConfig
from tfx_pipeline.write_aside import write_aside

COMPARISON_FILE = "comparison.json"

Kind = Literal["drift", "skew"]
"""drift: the newest span of events (after) against the previous one (before).
skew: the serving log (after) against the training events (before)."""

Measure = Literal["L-infinity", "Jensen-Shannon divergence"]
"""L-infinity: the largest difference of the share of one value. Jensen-Shannon divergence: with logarithms to base 2.
Both lie between 0, equal, and 1, disjoint."""


@dataclass(frozen=True)
class Distance:
    """One distance between two distributions of one feature.

    Attributes:
        kind: What was compared.
        feature: Name of the feature.
        measure: How the distance is defined.
        distance: From 0, equal, to 1, disjoint.
        threshold: The largest distance that is fine.
        exceeded: Whether the distance is above the threshold.
        rows_before: Events compared, on the earlier or training side.
        rows_after: Events compared, on the later or serving side.
    """

    kind: Kind
    feature: str
    measure: Measure
    distance: float
    threshold: float
    exceeded: bool
    rows_before: int
    rows_after: int


@dataclass(frozen=True)
class NotMeasured:
    """A distance that there is not.

    Attributes:
        kind: What was compared.
        feature: Name of the feature.
        measure: The measure that is missing.
        reason: Why it is missing.
    """

    kind: Kind
    feature: str
    measure: Measure
    reason: str


@dataclass(frozen=True)
class Side:
    """One of the two sets of events that were compared.

    Attributes:
        kind: What was compared.
        name: Which events, in words.
        rows: How many there are.
        rows_compared: How many of them were drawn for the comparison.
    """

    kind: Kind
    name: str
    rows: int
    rows_compared: int


@dataclass(frozen=True)
class Comparison:
    """Everything that was compared.

    Attributes:
        distances: Every distance, past its threshold or not.
        not_measured: What could not be measured, and why.
        sides: The sets of events; of each kind the one before, then the one after.
        remarks: Sentences about comparisons that were not made.
    """

    distances: tuple[Distance, ...] = ()
    not_measured: tuple[NotMeasured, ...] = ()
    sides: tuple[Side, ...] = ()
    remarks: tuple[str, ...] = ()

    def __add__(self, other: "Comparison") -> "Comparison":
        """Both, one after the other."""
        return Comparison(
            self.distances + other.distances,
            self.not_measured + other.not_measured,
            self.sides + other.sides,
            self.remarks + other.remarks,
        )

    @property
    def exceeded(self) -> tuple[Distance, ...]:
        """The distances above their threshold."""
        return tuple(distance for distance in self.distances if distance.exceeded)


_COMPARISON = TypeAdapter(Comparison)


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write a comparison as JSON."""
    with write_aside(path) as aside:
        aside.write_bytes(_COMPARISON.dump_json(comparison, indent=2))


def load_comparison(path: Path) -> Comparison:
    """Read what `write_comparison` wrote."""
    return _COMPARISON.validate_json(path.read_bytes())


def threshold_of(feature: str, kind: Kind, config: ValidationConfig) -> float:
    """The largest distance of a feature that is fine."""
    default = config.drift_threshold if kind == "drift" else config.skew_threshold
    return config.thresholds.get(feature, default)


def check_threshold_names(config: ValidationConfig, features: Sequence[str]) -> None:
    """Look for thresholds that would never apply.

    Raises:
        DataError: A threshold is for a feature that is not compared.
    """
    for name in config.thresholds:
        if name not in features:
            raise DataError(f"validation.thresholds: no feature {name!r} is compared; there are {', '.join(features)}")


def describe_exceeded(distances: Sequence[Distance]) -> str:
    """One line that names every feature, its distance and its threshold."""
    told = (
        f"{distance.kind} of {distance.feature}: {distance.measure} {distance.distance:.4f} "
        f"is above {distance.threshold:g}"
        for distance in distances
    )
    return "the events differ too much: " + "; ".join(told)
