"""The feedback log of a run in the files of Open Bandit Pipeline."""

from pathlib import Path

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.joined_run_log import log_of, read_run_log
from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.feedback.lineage import sharing_versions
from tfx_pipeline.feedback.obp_export import export_obp
from tfx_pipeline.new_version import served_version


def export_run_log(run_dir: Path, folder: Path, log: Path | None = None, now: float | None = None) -> Path:
    """Write the slates whose attribution window is over; those of another ranker are left out.

    Args:
        run_dir: Directory of the run.
        folder: Root of the exports.
        log: Folder of the log; by default `feedback` in the run directory.
        now: The present, seconds since 1970 UTC; the clock's by default.

    Returns:
        The folder with the files, see `export_obp`.

    Raises:
        PipelineError: The run has pushed no version, the log cannot be used, or none of its slates is old enough.
        ConfigError: The configuration of the run cannot be used.
    """
    run_dir = run_dir.resolve()
    _, served = served_version(run_dir, "read feedback of")
    source = log_of(run_dir, log)
    versions = sharing_versions(served, Ledger.load(served))
    try:
        return export_obp(read_run_log(source, run_dir, served, versions, now), folder)
    except PipelineError:
        raise
    except ValueError as error:
        raise PipelineError(f"{source}: {error}") from error
