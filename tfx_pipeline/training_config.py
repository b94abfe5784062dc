"""Configuration of continued training: whether a run goes on from the model of an earlier one."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from tfx_pipeline.table_config import Section


class TrainingConfig(Section):
    """What text encoder, towers, ranker and bandit posterior start from, and how they go on."""

    start: Literal["scratch", "last_blessed"] = "scratch"
    """`last_blessed` goes on from the version that the last blessed run in the same directory has pushed; the first run
    starts from scratch, and so does the first one after a user was forgotten."""
    continue_from: Path | None = None
    """Folder of a pushed version to go on from, `<run directory>/serving/shoprank/<version>`, of this run or another;
    `start` has to be `last_blessed` then."""
    continued_epochs: int = Field(1, ge=1)
    """Epochs of towers, ranker and text encoder that go on, in the place of `retrieval.epochs`, `ranker.epochs`,
    `text.training.epochs` and `text.pretraining.epochs`; the most steps of the text encoder fall in proportion."""
    learning_rate_share: float = Field(1.0, gt=0, le=1)
    """Their learning rates, as a share of the `learning_rate` of their sections."""
    overlap_days: float = Field(0.0, ge=0)
    """Towers that go on learn the events after those of the earlier training, and of the days before its end as many as
    this says. All of the history stays visible either way."""
    forgetting: float = Field(0.5, gt=0, le=1)
    """Share of the evidence in the earlier bandit posterior that is kept; 1 forgets nothing."""

    @model_validator(mode="after")
    def _is_continued(self) -> "TrainingConfig":
        if self.continue_from is not None and self.start != "last_blessed":
            raise ValueError(f"continue_from is {self.continue_from} where start is {self.start}, not last_blessed")
        return self
