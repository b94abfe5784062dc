"""The feedback log as one run reads it: with its objectives, its attribution window and the versions of its ranker."""

from collections.abc import Iterable
from pathlib import Path

from tfx_pipeline.config import load_config
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.feedback.joined_log import JoinedLog
from tfx_pipeline.feedback.lineage import trained_with
from tfx_pipeline.run_directory import LOG_FOLDER

DELAY_SECONDS = 60
"""How long an event takes into the log at most: twice what `FeedbackLog` lets a row wait for its part file."""


def log_of(run_dir: Path, folder: Path | None) -> Path:
    """The folder of the log that a command reads."""
    if folder is not None:
        return folder
    configured = load_config(run_dir / "config.yaml").data.feedback
    return Path(configured) if configured else run_dir / LOG_FOLDER


def read_run_log(
    folder: Path,
    run_dir: Path,
    served: Path,
    versions: Iterable[int],
    now: float | None = None,
    delay_seconds: int = DELAY_SECONDS,
) -> JoinedLog:
    """Join the slates of some versions with their outcomes.

    Objectives and weights are the ones that the served version was trained with: what it predicts is by these.

    Args:
        folder: The log.
        run_dir: Directory of the run; its configuration has the attribution window.
        served: Folder of the served version.
        versions: Slates of other versions are only counted.
        now: The present, seconds since 1970 UTC; the clock's by default.
        delay_seconds: How long an event may take into the log.

    Raises:
        PipelineError: The log cannot be used, or the version does not say what it was made of.
        ConfigError: The configuration of the run cannot be used.
    """
    window = round(load_config(run_dir / "config.yaml").bandit.attribution_hours * 3600)
    settings = trained_with(served)
    weights = settings.objective_weights
    objectives = {name: (types, weights[name]) for name, types in settings.label_events.items()}
    names = [str(version) for version in sorted(versions)]
    return joined_log(folder, objectives, window, now, delay_seconds=delay_seconds, model_versions=names)
