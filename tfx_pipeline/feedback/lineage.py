"""Which versions share what was trained: slates of any of them say something of the others' posterior."""

import json
from pathlib import Path
from typing import Any

from serving.model_server.version_directory import find_versions
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import Ledger
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import PARTS_FILE


def sharing_versions(served: Path, ledger: Ledger) -> frozenset[int]:
    """Versions whose predictions and features mean the same as the served one's.

    These are the ones beside it that were made of the same parts, and the ones that its ledger remembers, of which the
    folder may be gone.

    Args:
        served: Folder of the served version.
        ledger: Its ledger.

    Raises:
        PipelineError: The served version does not say what it was made of.
    """
    own = _parts(served)
    beside = find_versions(served.parent).items()
    alike = {version for version, folder in beside if folder == served or _parts_or_none(folder) == own}
    return frozenset(alike.union(ledger.versions.tolist()))


def trained_with(served: Path) -> Hyperparameters:
    """The settings that the served version was trained with: its utility is by these, whatever was configured since.

    Raises:
        PipelineError: The served version does not say what it was made of.
    """
    parts = _parts(served)
    try:
        return Hyperparameters.from_json(parts["hyperparameters"])
    except (ValueError, TypeError, KeyError) as error:
        raise PipelineError(f"{served / PARTS_FILE}: damaged: {type(error).__name__}: {error}") from error


def _parts(version: Path) -> Any:
    path = version / PARTS_FILE
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{path}: the model does not say what it was made of; a new run writes one that does"
        raise PipelineError(message) from error
    except ValueError as error:
        raise PipelineError(f"{path}: damaged: {type(error).__name__}: {error}") from error


def _parts_or_none(version: Path) -> Any:
    try:
        return _parts(version)
    except (PipelineError, OSError):
        return None
