"""What a continued training is told."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CONTINUATION = "continuation"
"""Key of TFX's `custom_config`; absent in a training from scratch."""


@dataclass(frozen=True)
class Continuation:
    """Which model a training continues from, and how.

    Attributes:
        version: Folder of the pushed version, `<run directory>/serving/shoprank/<version>`.
        epochs: Epochs of towers, ranker and text encoder.
        learning_rate_share: Their first learning rates, as a share of those from scratch.
        overlap_days: Days before the end of the earlier training whose events are learned from again.
        forgetting: Share of the earlier posterior's evidence that is kept.
    """

    version: Path
    epochs: int
    learning_rate_share: float
    overlap_days: float
    forgetting: float

    def to_json(self) -> str:
        """One JSON object, the same for the same values."""
        return json.dumps({**asdict(self), "version": str(self.version)}, sort_keys=True)

    @classmethod
    def of(cls, custom_config: Mapping[str, Any]) -> "Continuation | None":
        """What TFX's `custom_config` holds; None for a training from scratch."""
        text = custom_config.get(CONTINUATION)
        return None if text is None else cls.from_json(text)

    @classmethod
    def from_json(cls, text: str) -> "Continuation":
        """What `to_json` gave."""
        values = json.loads(text)
        return cls(**{**values, "version": Path(values["version"])})

    @property
    def artifacts(self) -> Path:
        """TFX's folder of the run that pushed the version."""
        return run_of(self.version) / "tfx"


def run_of(version: Path) -> Path:
    """The run directory of a pushed version, `<run directory>/serving/shoprank/<version>`."""
    return Path(*version.parts[:-3])
