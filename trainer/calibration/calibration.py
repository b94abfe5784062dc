"""The calibration of all objectives, in the graph and on disk."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.calibration.checked import SMALLEST
from trainer.calibration.isotonic import OWN_SHARE, Isotonic
from trainer.calibration.platt import Platt

CalibrationMap = Platt | Isotonic
_KINDS: dict[str, type[CalibrationMap]] = {"platt": Platt, "isotonic": Isotonic}


class Calibration(tf.Module):
    """Corrects the probability of each objective by a map of its own; the order for one objective stays.

    Attributes:
        maps: One an objective; None leaves it as it is.
    """

    def __init__(self, maps: Sequence[CalibrationMap | None]) -> None:
        """Take the maps of the O objectives, in the ranker's order."""
        super().__init__(name="calibration")
        self.maps = tuple(maps)

    @classmethod
    def none(cls, objectives: int) -> "Calibration":
        """One that changes nothing."""
        return cls([None] * objectives)

    def __call__(self, probabilities: tf.Tensor) -> tf.Tensor:
        """Corrected probabilities.

        Args:
            probabilities: As the ranker gives them, float32 [..., O].

        Returns:
            float32 [..., O].
        """
        corrected = [_apply(each, probabilities[..., number]) for number, each in enumerate(self.maps)]
        return tf.stack(corrected, axis=-1)

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        path.write_text(json.dumps([_to_json(each) for each in self.maps], indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Read what `save` wrote.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not one of ours; the message names it.
        """
        try:
            return cls([_of_json(values) for values in json.loads(path.read_text(encoding="utf-8"))])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}: not a calibration: {type(error).__name__}: {error}") from error


def _apply(curve: CalibrationMap | None, probabilities: tf.Tensor) -> tf.Tensor:
    if curve is None:
        return probabilities
    return _platt(curve, probabilities) if isinstance(curve, Platt) else _isotonic(curve, probabilities)


def _platt(curve: Platt, probabilities: tf.Tensor) -> tf.Tensor:
    # Only what would be infinite is cut off: a probability below SMALLEST keeps its place in the order.
    inside = tf.clip_by_value(probabilities, np.float32(np.finfo(np.float32).tiny), np.float32(1 - SMALLEST))
    log_odds = tf.math.log(inside) - tf.math.log1p(-inside)
    return tf.sigmoid(np.float32(curve.slope) * log_odds + np.float32(curve.intercept))


def _isotonic(curve: Isotonic, probabilities: tf.Tensor) -> tf.Tensor:
    knots, levels = curve.knots.astype(np.float32), curve.levels.astype(np.float32)
    slopes = (np.diff(levels) / np.diff(knots)).astype(np.float32)
    flat = tf.reshape(probabilities, [-1])
    piece = tf.clip_by_value(tf.searchsorted(knots, flat, side="right") - 1, 0, len(slopes) - 1)
    start, slope = tf.gather(levels[:-1], piece), tf.gather(slopes, piece)
    # Rounding must not lift the end of one piece above the start of the next.
    value = tf.minimum(start + (flat - tf.gather(knots[:-1], piece)) * slope, tf.gather(levels[1:], piece))
    return tf.reshape((1 - OWN_SHARE) * value + OWN_SHARE * flat, tf.shape(probabilities))


def _to_json(curve: CalibrationMap | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    if isinstance(curve, Platt):
        return {"kind": "platt", "slope": curve.slope, "intercept": curve.intercept}
    return {"kind": "isotonic", "knots": curve.knots.tolist(), "levels": curve.levels.tolist()}


def _of_json(values: dict[str, Any] | None) -> CalibrationMap | None:
    if values is None:
        return None
    if _KINDS[values["kind"]] is Platt:
        slope, intercept = float(values["slope"]), float(values["intercept"])
        if not (slope > 0 and math.isfinite(slope) and math.isfinite(intercept)):
            raise ValueError(f"slope {slope} and intercept {intercept} do not keep the order")
        return Platt(slope, intercept)
    knots, levels = np.array(values["knots"], np.float64), np.array(values["levels"], np.float64)
    if not (np.diff(knots) > 0).all() or (np.diff(levels) < 0).any() or knots.shape != levels.shape or len(knots) < 2:
        raise ValueError("knots must increase, and levels must not decrease")
    return Isotonic(knots, levels)
