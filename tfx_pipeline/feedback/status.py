"""What is in a feedback log, and how much of it the served version has learned from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.feedback.joined_log import JoinCounts
from tfx_pipeline.feedback.joined_run_log import DELAY_SECONDS, log_of, read_run_log
from tfx_pipeline.feedback.ledger import Ledger, request_hashes
from tfx_pipeline.feedback.lineage import sharing_versions
from tfx_pipeline.feedback.shown import read_shown
from tfx_pipeline.new_version import served_version

_FATES = ("learned", "waiting", "too_young", "other_ranker")


@dataclass(frozen=True)
class SlateCounts:
    """Slates that one version showed by one policy; each of them is in exactly one of the last four.

    Attributes:
        model_version: The version, as the log has it.
        policy: The policy.
        slates: All of them.
        learned: Those that the posterior of the served version has learned from.
        waiting: Those that the next update learns from.
        too_young: Those whose attribution window is not over yet.
        other_ranker: Those of a version with another ranker; the served version cannot learn from them.
    """

    model_version: str
    policy: str
    slates: int
    learned: int
    waiting: int
    too_young: int
    other_ranker: int


@dataclass(frozen=True)
class FeedbackStatus:
    """The state of a log.

    Attributes:
        served: The version that is served.
        slates: By model version and policy, in that order.
        counts: What became of the outcomes, among those of versions that share the ranker of the served one.
    """

    served: int
    slates: tuple[SlateCounts, ...]
    counts: JoinCounts


def feedback_status(
    run_dir: Path, log: Path | None = None, now: float | None = None, delay_seconds: int = DELAY_SECONDS
) -> FeedbackStatus:
    """Count what a log holds.

    Args:
        run_dir: Directory of the run.
        log: Folder of the log; by default `feedback` in the run directory.
        now: The present, seconds since 1970 UTC; the clock's by default.
        delay_seconds: As for an update, see `update_from_feedback`.

    Raises:
        PipelineError: The run has pushed no version, or the log cannot be used.
        ConfigError: The configuration of the run cannot be used.
    """
    run_dir = run_dir.resolve()
    number, served = served_version(run_dir, "read feedback of")
    ledger = Ledger.load(served)
    versions = sharing_versions(served, ledger)
    folder = log_of(run_dir, log)
    joined = read_run_log(folder, run_dir, served, versions, now, delay_seconds)
    shown = read_shown(folder)
    fates = np.select(
        [
            ledger.holds(request_hashes(shown["request_id"])),
            ~shown["model_version"].isin([str(version) for version in versions]),
            shown["request_id"].isin(joined.request_ids),
        ],
        ["learned", "other_ranker", "waiting"],
        "too_young",
    )
    return FeedbackStatus(number, _by_version_and_policy(shown.assign(fate=fates)), joined.counts)


def _by_version_and_policy(shown: pd.DataFrame) -> tuple[SlateCounts, ...]:
    counts = []
    for (version, policy), slates in shown.groupby(["model_version", "policy"]):
        of_fate = {fate: int((slates["fate"] == fate).sum()) for fate in _FATES}
        counts.append(SlateCounts(str(version), str(policy), len(slates), **of_fate))
    return tuple(counts)
