"""Until when towers have learned, so that a later training can go on from there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.damaged_files import read_whole

if TYPE_CHECKING:
    # It imports TensorFlow, and the command line reads spans without.
    from trainer.user_events import UserEvents

SPAN_FILE = "training_span.json"
"""In the folder of a `RetrievalPackage`; packages of before there was continued training have none."""

FORGOTTEN_USERS = "forgotten_users"
"""Key of TFX's `custom_config` for `TrainingSpan.forgotten`."""


@dataclass(frozen=True)
class TrainingSpan:
    """What a training has seen.

    Attributes:
        end: Time of the last event that the towers learned to predict, epoch seconds; None where nobody wrote it down.
        forgotten: Digest of the users who were left out because they had asked to be forgotten; '' for nobody.
    """

    end: int | None = None
    forgotten: str = ""

    @classmethod
    def of(cls, windows: "UserEvents", forgotten: str = "") -> "TrainingSpan":
        """The span of training windows."""
        times = windows.timestamps[windows.is_target]
        return cls(int(times.max()) if len(times) else None, forgotten)

    def save(self, package: Path) -> None:
        """Write into the folder of a package."""
        (package / SPAN_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, package: Path) -> "TrainingSpan":
        """Read what `save` wrote.

        Raises:
            DamagedFileError: The file cannot be read.
        """
        path = package / SPAN_FILE
        if not path.exists():
            return cls()
        return read_whole(path, lambda file: cls(**json.loads(file.read_text(encoding="utf-8"))))
