"""What a shop's users did, into the posterior of the served version: a new version, without training."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.earned_utility import earned_utility
from tfx_pipeline.feedback.joined_log import JoinCounts, JoinedLog
from tfx_pipeline.feedback.joined_run_log import DELAY_SECONDS, log_of, read_run_log
from tfx_pipeline.feedback.ledger import Ledger, request_hashes
from tfx_pipeline.feedback.lineage import sharing_versions
from tfx_pipeline.feedback.posterior_version import read_posterior, write_posterior_version
from tfx_pipeline.feedback.quiet_tensorflow import quiet_tensorflow
from tfx_pipeline.new_version import WAIT_SECONDS, served_version, sole_writer
from trainer.bandit.posterior import LinearPosterior


@dataclass(frozen=True)
class FeedbackUpdate:
    """What an update did.

    Attributes:
        served: The version that was served before.
        path: Folder of the new version; None if there was nothing new to learn from.
        slates: Slates that the posterior has now learned from and had not before.
        items: Items that these showed.
        rewarded: Those of them that earned something.
        earlier: Slates of the log that it had learned from before.
        counts: What else is in the log.
        seconds: Wall time.
    """

    served: int
    path: Path | None
    slates: int
    items: int
    rewarded: int
    earlier: int
    counts: JoinCounts
    seconds: float


def update_from_feedback(
    run_dir: Path,
    log: Path | None = None,
    now: float | None = None,
    delay_seconds: int = DELAY_SECONDS,
    wait_seconds: float = WAIT_SECONDS,
) -> FeedbackUpdate:
    """Fold the slates that are new in a log into the posterior of the served version, and write the next version.

    Each slate counts once, when its attribution window is over; its items without an outcome count as well. With
    nothing new no version is written. The log is only read.

    Args:
        run_dir: Directory of the run.
        log: Folder of the log; by default `feedback` in the run directory.
        now: The present, seconds since 1970 UTC; the clock's by default.
        delay_seconds: How long an event may take into the log: a slate waits as long behind its attribution window.
        wait_seconds: How long to wait for another command that writes a version of this run.

    Raises:
        PipelineError: The run has pushed no version, the log cannot be used, or another command is still writing.
        ConfigError: The configuration of the run cannot be used. In all cases no version is written.
    """
    started = time.monotonic()
    run_dir = run_dir.resolve()
    served_version(run_dir, "update")
    with sole_writer(run_dir, wait_seconds):
        number, served = served_version(run_dir, "update")
        ledger = Ledger.load(served)
        versions = sharing_versions(served, ledger)
        joined = read_run_log(log_of(run_dir, log), run_dir, served, versions, now, delay_seconds)
        hashes = request_hashes(joined.request_ids)
        new = ~ledger.holds(hashes)
        rows = new[joined.request]
        path = None
        if rows.any():
            with quiet_tensorflow(run_dir):
                posterior = _learned(joined, rows, served)
                learned = ledger.folded(hashes[new], made_from=number).shared_by(versions)
                path = write_posterior_version(served, posterior, learned)
    return FeedbackUpdate(
        served=number,
        path=path,
        slates=int(new.sum()),
        items=int(rows.sum()),
        rewarded=int((joined.rewards[rows] != 0).sum()),
        earlier=int((~new).sum()),
        counts=joined.counts,
        seconds=time.monotonic() - started,
    )


def _learned(joined: JoinedLog, rows: NDArray[np.bool_], served: Path) -> LinearPosterior:
    """The posterior of the served version with what these rows say of what the ranker left unexplained."""
    posterior = read_posterior(served)
    width, expected = joined.features.shape[1], posterior.moment.size
    if width != expected:
        raise PipelineError(
            f"exploration_features: the log has {width} for each item, the served version {expected}; "
            "the log is of another run"
        )
    residuals = (earned_utility(joined, served) - joined.predicted)[rows]
    return posterior.update(joined.features[rows], residuals, joined.item_ids[rows].tolist())
