"""Where a run puts what others look for."""

from pathlib import Path

from trainer.model_files import MODEL_NAME

METRICS_FILE, REPORT_FILE = "metrics.json", "report.html"
STOPPED_BY_ANOMALIES, STOPPED_BY_DISTANCES = "anomalies.json", "comparison.json"
"""What a gate of the data found, of a run that it stopped."""


def serving_dir(run_dir: Path) -> Path:
    """The directory whose numbered subdirectories are the pushed versions."""
    return run_dir / "serving" / MODEL_NAME


LOG_FOLDER = "feedback"
"""The feedback log, where neither the configuration nor the command line names another."""
