"""What is advised for the next training, by the distances of the newest span."""

from pathlib import Path

import pytest

from tfx_pipeline.config import Config, ObjectiveConfig
from tfx_pipeline.distribution_comparison import Comparison, Distance, Kind
from tfx_pipeline.drift_advice import Decision, drift_advice, drift_notes
from tfx_pipeline.table_config import DataConfig, TableConfig
from tfx_pipeline.training_config import TrainingConfig
from tfx_pipeline.validation_config import ValidationConfig


def distance(value: float, feature: str = "price", threshold: float = 0.3, kind: Kind = "drift") -> Distance:
    return Distance(kind, feature, "L-infinity", value, threshold, value > threshold, 100, 100)


SCRATCH, CONTINUED = TrainingConfig(), TrainingConfig(start="last_blessed", overlap_days=3)
NEAR = "the distance from the span before within the threshold"


@pytest.mark.parametrize(
    ("distances", "training", "spans", "decision", "reason"),
    [
        ([distance(0.3)], CONTINUED, 7, "continue", NEAR),
        (
            [distance(0.1), distance(0.2, "brand")],
            SCRATCH,
            None,
            "continue",
            "all 2 distances from the span before within the threshold",
        ),
        (
            [distance(0.31), distance(0.2, "brand")],
            CONTINUED,
            7,
            "widen the window",
            "price is 0.31 from the span before, past 0.3, so set training.overlap_days above 3",
        ),
        (
            [distance(0.31)],
            SCRATCH,
            7,
            "widen the window",
            "price is 0.31 from the span before, past 0.3, so set data.events.spans above 7",
        ),
        (
            [distance(0.31)],
            SCRATCH,
            None,
            "continue",
            "price is 0.31 from the span before, past 0.3, but this run learned from all spans already",
        ),
        (
            [distance(0.4), distance(0.7, "brand")],
            CONTINUED,
            7,
            "train from scratch",
            "brand is 0.70 from the span before, past 0.6, so set training.start to scratch",
        ),
        (
            [distance(0.7)],
            SCRATCH,
            7,
            "train from scratch",
            "price is 0.70 from the span before, past 0.6, and this run did",
        ),
        # A feature whose own threshold is high may move that far.
        ([distance(0.7, threshold=0.8)], CONTINUED, 7, "continue", NEAR),
        (
            [distance(0.9, threshold=0.8)],
            SCRATCH,
            7,
            "train from scratch",
            "price is 0.90 from the span before, past 0.8, and this run did",
        ),
        # Skew is about serving, not about time.
        ([distance(0.9, kind="skew"), distance(0.1)], CONTINUED, 7, "continue", NEAR),
    ],
)
def test_each_decision(
    distances: list[Distance], training: TrainingConfig, spans: int | None, decision: Decision, reason: str
) -> None:
    advice = drift_advice(Comparison(tuple(distances)), 0.6, training, spans)
    assert advice is not None
    assert (advice.decision, advice.reason) == (decision, reason)
    assert advice.sentence == f"Drift says {decision}: {reason}."


def test_the_farthest_features_are_named_once_each() -> None:
    far = [distance(0.4 + place / 100, f"f{place % 5}") for place in range(10)]
    advice = drift_advice(Comparison(tuple(far)), 0.6, SCRATCH, 3)
    assert advice is not None
    assert advice.reason.startswith(
        "f4 is 0.49 from the span before, past 0.3; f3 is 0.48 from the span before, past 0.3; "
        "f2 is 0.47 from the span before, past 0.3; and 2 more, so set "
    )


def test_without_drift_there_is_no_advice(tmp_path: Path) -> None:
    assert drift_advice(Comparison((distance(0.9, kind="skew"),)), 0.6, SCRATCH, None) is None
    assert drift_notes(Comparison(), config(tmp_path)) == ()


def test_the_thresholds_and_the_window_are_those_of_the_configuration(tmp_path: Path) -> None:
    comparison = Comparison((distance(0.5),))
    (widen,) = drift_notes(comparison, config(tmp_path))
    assert widen.startswith("Drift says widen the window: ") and widen.endswith("so set data.events.spans above 5.")
    strict = config(tmp_path).model_copy(update={"validation": ValidationConfig(full_training_threshold=0.4)})
    (scratch,) = drift_notes(comparison, strict)
    assert scratch.startswith("Drift says train from scratch: price is 0.50 from the span before, past 0.4, ")


def config(run_dir: Path) -> Config:
    events = TableConfig(path="events-{SPAN}.csv", spans=5)
    return Config(
        run_dir=run_dir,
        data=DataConfig(events=events, items=TableConfig(path="items.csv")),
        objectives={"buy": ObjectiveConfig(event_types=["buy"])},
    )
