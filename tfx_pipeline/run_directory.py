"""Where a run puts what the model server serves."""

from pathlib import Path

from trainer.model_files import MODEL_NAME


def serving_dir(run_dir: Path) -> Path:
    """The directory whose numbered subdirectories are the pushed versions."""
    return run_dir / "serving" / MODEL_NAME
