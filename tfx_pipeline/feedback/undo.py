"""The posterior from before the last feedback update, in a new version."""

import time
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import NEVER, Ledger
from tfx_pipeline.feedback.lineage import sharing_versions
from tfx_pipeline.feedback.posterior_version import read_posterior, write_posterior_version
from tfx_pipeline.feedback.quiet_tensorflow import quiet_tensorflow
from tfx_pipeline.new_version import WAIT_SECONDS, served_version, sole_writer


@dataclass(frozen=True)
class FeedbackUndo:
    """What was taken back.

    Attributes:
        served: The version that was served before.
        posterior_of: The version whose posterior the new one has.
        path: Folder of the new version.
        slates: Slates that the posterior had learned from and has not now.
        seconds: Wall time.
    """

    served: int
    posterior_of: int
    path: Path
    slates: int
    seconds: float


def undo_feedback(run_dir: Path, wait_seconds: float = WAIT_SECONDS) -> FeedbackUndo:
    """Write a version whose posterior is, to the last bit, the one before the last update; its items stay.

    A second undo takes back the update before. The slates can be learned from again by the next update.

    Args:
        run_dir: Directory of the run.
        wait_seconds: How long to wait for another command that writes a version of this run.

    Raises:
        PipelineError: The run has pushed no version, there was no update, the version with the posterior from before is
            gone, or another command is still writing. In all cases no version is written.
    """
    started = time.monotonic()
    run_dir = run_dir.resolve()
    served_version(run_dir, "undo")
    with sole_writer(run_dir, wait_seconds):
        number, served = served_version(run_dir, "undo")
        ledger = Ledger.load(served)
        if ledger.made_from == NEVER:
            raise PipelineError(f"{served}: no feedback update to undo; the posterior is the one of training")
        before = served.with_name(str(ledger.made_from))
        if not before.is_dir():
            raise PipelineError(f"{before}: this version is gone, and with it the posterior from before the update")
        earlier = Ledger.load(before)
        known = earlier.shared_by(sharing_versions(served, ledger))
        with quiet_tensorflow(run_dir):
            path = write_posterior_version(served, read_posterior(before), known)
    return FeedbackUndo(
        served=number,
        posterior_of=ledger.made_from,
        path=path,
        slates=len(ledger.requests) - len(earlier.requests),
        seconds=time.monotonic() - started,
    )
