"""What private training is told, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class PrivacySettings:
    """The parameters of DP-SGD; the section `training_privacy` of a configuration where it is on.

    Attributes:
        noise_multiplier: Standard deviation of the noise in multiples of `clip_norm`, sigma.
        clip_norm: Largest L2 norm of what one user adds to a step, C.
        delta: Probability with which the bound epsilon may fail.
        expected_users: Mean number of users in a step, q times the number of users.
        steps: Steps of training.
    """

    noise_multiplier: float
    clip_norm: float
    delta: float
    expected_users: int
    steps: int

    @classmethod
    def of(cls, settings: Hyperparameters) -> "PrivacySettings":
        """What the hyperparameters of a run say.

        Raises:
            ValueError: They ask for no private training.
        """
        if settings.training_privacy is None:
            raise ValueError("training_privacy.noise_multiplier is not set: private training needs noise")
        return cls(**settings.training_privacy)

    def sampling_rate(self, users: int) -> float:
        """Probability with which a user takes part in a step, q.

        Args:
            users: Users with training windows.

        Raises:
            ValueError: There are fewer users than a step expects, or `delta` is not below 1 in that number: then
                giving away one whole user would count as private.
        """
        if users < self.expected_users:
            raise ValueError(
                f"training_privacy.expected_users is {self.expected_users}, but only {users} users have windows"
            )
        if self.delta * users >= 1:
            raise ValueError(f"training_privacy.delta is {self.delta}, which is not below 1 in {users} users")
        return self.expected_users / users


def require_separable_loss(retrieval: Mapping[str, Any]) -> None:
    """Refuse losses that compare a user with the items of other users: clipping could not bound what one user does.

    Args:
        retrieval: The section `retrieval` of a configuration.

    Raises:
        ValueError: The loss takes negatives from the batch or from earlier batches, draws them by popularity, or
            searches for hard ones.
    """
    if retrieval["softmax"] == "full":
        return
    uniform = retrieval["mixed_negatives"] > 0 and retrieval["uniform_share"] == 1
    others = [name for name in ("queue_negatives", "hard_negatives") if retrieval[name]]
    if not uniform or others:
        raise ValueError(
            "private training needs negatives that do not depend on other users: set retrieval.softmax to full, or "
            "retrieval.mixed_negatives above 0 with retrieval.uniform_share 1 and no queue_negatives or hard_negatives"
        )
