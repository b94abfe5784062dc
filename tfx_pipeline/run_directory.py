"""Where a run puts what the model server serves."""

from pathlib import Path

MODEL_NAME = "shoprank"
"""Name under which the model server knows the model."""


def serving_dir(run_dir: Path) -> Path:
    """The directory whose numbered subdirectories are the pushed versions."""
    return run_dir / "serving" / MODEL_NAME
