"""What a private training may say of itself."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

STATEMENT_FILE = "privacy.json"
"""Name of the file beside the logs of a training."""


@dataclass(frozen=True)
class PrivacyStatement:
    """The guarantee of one training, and what it was computed from.

    Attributes:
        epsilon: Upper bound on what adding or removing one user changes.
        delta: Probability with which the bound may fail.
        noise_multiplier: Standard deviation of the noise in multiples of `clip_norm`.
        clip_norm: Largest norm of what one user adds to a step.
        sampling_rate: Probability with which a user takes part in a step.
        steps: Steps of training.
        users: Users with training windows.
    """

    epsilon: float
    delta: float
    noise_multiplier: float
    clip_norm: float
    sampling_rate: float
    steps: int
    users: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """For a model card: the guarantee, and what it does not cover."""
        return (
            f"The weights of the two towers were trained with differential privacy for users: epsilon is "
            f"{self.epsilon:.2f} at delta {self.delta:g} (DP-SGD, noise multiplier {self.noise_multiplier:g}, clip "
            f"norm {self.clip_norm:g}, {self.steps} steps, each with {self.sampling_rate:.1%} of the users).",
            "That covers this one training of the weights of the towers and nothing else: not the ranker, the "
            "posterior, popularity, neighbours, vocabularies, the text vectors, or the users' histories in the model.",
        )

    def save(self, folder: Path) -> None:
        """Write `privacy.json` into a folder."""
        (folder / STATEMENT_FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "PrivacyStatement | None":
        """What `save` wrote; None where there is no such file, because the training was not private."""
        path = folder / STATEMENT_FILE
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
