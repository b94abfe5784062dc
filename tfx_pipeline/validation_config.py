"""Configuration of the gates that compare the shop's events with those of another time or place."""

from typing import Annotated, Literal

from pydantic import Field

from tfx_pipeline.table_config import Section

Distance = Annotated[float, Field(ge=0.0, le=1.0)]


class ValidationConfig(Section):
    """How far the distributions of the events may be apart. All distances lie between 0, equal, and 1, disjoint."""

    drift_threshold: Distance = 0.3
    """Largest distance of a feature between the newest span of events and the one before."""
    skew_threshold: Distance = 0.3
    """Largest distance of a feature between the training events and the serving log."""
    thresholds: dict[str, Distance] = {}
    """Thresholds of single features, for drift and skew alike, such as `price: 0.5` or `event_channel: 0.1`."""
    full_training_threshold: Distance = 0.6
    """Drift of a feature above this, and above the feature's own threshold, asks for training from scratch; drift above
    the feature's threshold alone asks for a wider window."""
    on_exceeded: Literal["warn", "stop"] = "warn"
    """What happens when a distance is above its threshold: `warn` tells it, `stop` ends the run."""
