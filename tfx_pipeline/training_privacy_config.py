"""Configuration of training with differential privacy."""

from typing import Any

from pydantic import Field

from tfx_pipeline.table_config import Section


class TrainingPrivacyConfig(Section):
    """Whether the towers are trained with differential privacy for users (DP-SGD), and with how much noise."""

    noise_multiplier: float | None = Field(None, gt=0)
    """Standard deviation of the noise in multiples of `clip_norm`; none for training without privacy."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest norm of what one user adds to the gradient of a step."""
    delta: float = Field(1e-6, gt=0, lt=1)
    """Probability with which the bound epsilon may fail; below 1 in the number of users."""
    expected_users: int = Field(256, ge=1)
    """Mean number of users in a step; each takes part by chance, whatever the others do."""
    steps: int = Field(300, ge=1)
    """Steps of training, in the place of `retrieval.epochs`; each spends some privacy."""

    @property
    def settings(self) -> dict[str, Any] | None:
        """What the trainer is told; None where training is not private."""
        return None if self.noise_multiplier is None else self.model_dump()
