"""Logged slates that the ranker may learn from: those that were shown in its own window."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.feedback.asked_again import has_context
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.feedback.joined_log import JoinedLog
from tfx_pipeline.feedback.joined_run_log import DELAY_SECONDS
from tfx_pipeline.split import NEVER
from tfx_pipeline.split_tables import read_split
from trainer.hyperparameters import Hyperparameters
from trainer.shown_slates import ShownSlates

MOST_SLATES = 20_000
"""More of the latest slates than this cost more time than they teach."""


@dataclasses.dataclass(frozen=True)
class TrainingLog:
    """The feedback log of a run, as a parameter of a stage.

    Attributes:
        folder: The log.
        parts: Hash of its part files.
        seconds: Attribution window.
        split: `SplitConfig` as JSON.
    """

    folder: str
    parts: str
    seconds: int
    split: str

    def to_json(self) -> str:
        """A JSON object; `from_json` gives the same back."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "TrainingLog":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def slates(self, tables: Path, settings: Hyperparameters) -> ShownSlates:
        """The latest slates of the ranker's window; none where the shop has no such window in time.

        Args:
            tables: The ingested tables, for the split.
            settings: The objectives, for the labels.

        Raises:
            PipelineError: The log cannot be used.
        """
        split = read_split(tables, SplitConfig.model_validate_json(self.split))
        objectives = {name: (kinds, 1.0) for name, kinds in settings.label_events.items()}
        log = joined_log(self.folder, objectives, self.seconds, delay_seconds=DELAY_SECONDS, with_features=False)
        # What came of a slate is known once its attribution window is over: that must be before the eval window.
        inside = (log.timestamps >= split.ranker_start) & (log.timestamps + self.seconds < split.eval_start)
        usable = inside & has_context(log.contexts) & (split.eval_start != NEVER)
        return _shown(log.take(np.flatnonzero(usable)[-MOST_SLATES:]), list(objectives))


def _shown(log: JoinedLog, objectives: list[str]) -> ShownSlates:
    ends = np.cumsum(np.bincount(log.request, minlength=len(log.request_ids)))[:-1]
    labels = np.stack([log.objective_rewards[name] > 0 for name in objectives], axis=1).astype(np.float32)
    history = (log.contexts[f"history_{part}"] for part in ("item_ids", "event_types", "ages"))
    return ShownSlates(
        user_ids=log.contexts["user_id"].tolist(),
        queries=log.contexts["query"].tolist(),
        histories=list(zip(*history, strict=True)),
        timestamps=log.timestamps,
        item_ids=[items.tolist() for items in np.split(log.item_ids, ends)] if len(log.request_ids) else [],
        labels=np.split(labels, ends) if len(log.request_ids) else [],
    )
