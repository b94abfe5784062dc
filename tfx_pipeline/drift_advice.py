"""What drift means for the next training, in words: go on, learn from more of the past, or begin anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tfx_pipeline.config import Config
from tfx_pipeline.distribution_comparison import Comparison, Distance
from tfx_pipeline.training_config import TrainingConfig

Decision = Literal["continue", "widen the window", "train from scratch"]
_MOST_NAMED = 3


@dataclass(frozen=True)
class DriftAdvice:
    """What to do about the drift of the newest span.

    Attributes:
        decision: What to do.
        reason: Why, as the end of a sentence.
    """

    decision: Decision
    reason: str

    @property
    def sentence(self) -> str:
        """Decision and reason in one sentence."""
        return f"Drift says {self.decision}: {self.reason}."


def drift_advice(
    comparison: Comparison, full_training_threshold: float, training: TrainingConfig, spans: int | None
) -> DriftAdvice | None:
    """Judge the distances of the newest span from the one before it.

    A distance within its threshold asks for nothing. One past its threshold asks for a wider window, so that the model
    does not take one unusual span for the rule. One past the threshold of full training as well says that what the
    last model learned may hold no longer.

    Args:
        comparison: What was compared; skew is not looked at.
        full_training_threshold: The largest distance, from 0 to 1, that a wider window can make up for.
        training: How the run trained.
        spans: How many of the latest spans are read; None for all.

    Returns:
        The advice; None where drift was not measured.
    """
    drift = [distance for distance in comparison.distances if distance.kind == "drift"]
    if not drift:
        return None
    far = [distance for distance in drift if distance.exceeded]
    farther = [distance for distance in far if distance.distance > full_training_threshold]
    if farther:
        how = "so set training.start to scratch" if training.start != "scratch" else "and this run did"
        return DriftAdvice("train from scratch", f"{_told(farther, full_training_threshold)}, {how}")
    if far:
        return _widen(_told(far), training, spans)
    count = "the distance" if len(drift) == 1 else f"all {len(drift)} distances"
    return DriftAdvice("continue", f"{count} from the span before within the threshold")


def drift_notes(comparison: Comparison, config: Config) -> tuple[str, ...]:
    """The advice for the next training of a configuration as one sentence; nothing where drift was not measured."""
    threshold, spans = config.validation.full_training_threshold, config.data.events.spans
    advice = drift_advice(comparison, threshold, config.training, spans)
    return () if advice is None else (advice.sentence,)


def _widen(told: str, training: TrainingConfig, spans: int | None) -> DriftAdvice:
    """What makes the window wider: of a model that goes on the days that it learns again, of another one the spans."""
    if training.start != "scratch":
        setting = f"training.overlap_days above {training.overlap_days:g}"
    elif spans is not None:
        setting = f"data.events.spans above {spans}"
    else:
        return DriftAdvice("continue", f"{told}, but this run learned from all spans already")
    return DriftAdvice("widen the window", f"{told}, so set {setting}")


def _told(distances: Sequence[Distance], limit: float = 0.0) -> str:
    """The farthest features, each with its largest distance and the threshold that it is past."""
    largest: dict[str, Distance] = {}
    for distance in sorted(distances, key=lambda each: -each.distance):
        largest.setdefault(distance.feature, distance)
    named = [
        f"{each.feature} is {each.distance:.2f} from the span before, past {max(limit, each.threshold):g}"
        for each in list(largest.values())[:_MOST_NAMED]
    ]
    rest = len(largest) - len(named)
    return "; ".join(named) + (f"; and {rest} more" if rest else "")
