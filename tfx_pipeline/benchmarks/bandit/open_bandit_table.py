"""The table of the Open Bandit sample in the README of the data folder, reproduced; and a log that says too little."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.bandit.open_bandit import FOLDER, OpenBandit
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.evaluation.off_policy import EvaluationPolicy, InversePropensity, OffPolicyResult, evaluate_policy
from tfx_pipeline.evaluation.off_policy.diagnostics import diagnose


@dataclass(frozen=True)
class TableRow:
    """A row of the table: estimates of a policy's click rate from the log of another, per position, without context."""

    campaign: str
    logging: str
    evaluation: str
    logged: float
    truth: float
    ips: float
    snips: float
    effective_sample_size: float


TABLE = (
    TableRow("all", "random", "bts", 0.00380, 0.00420, 0.00504, 0.00525, 2639),
    TableRow("all", "bts", "random", 0.00420, 0.00380, 0.00236, 0.00233, 340),
    TableRow("men", "random", "bts", 0.00460, 0.00690, 0.00566, 0.00574, 2869),
    TableRow("men", "bts", "random", 0.00690, 0.00460, 0.00301, 0.00319, 656),
)
_RATE_ROUNDING, _SIZE_ROUNDING = 0.5e-5, 0.5
_WEAK_SIZE = 2.0


def table_figures(data_dir: Path) -> Iterator[Figure]:
    """Every figure of the table, with the table's as its target; met if ours rounds to it.

    Args:
        data_dir: The folder of real data.
    """
    say("the Open Bandit table")
    for row in TABLE:
        if not OpenBandit.is_there(data_dir):
            yield Figure.absent(_title(row, "IPS, SNIPS, ESS"), "", row.snips, f"{data_dir / FOLDER} is not there")
            continue
        campaign = OpenBandit(data_dir, row.campaign)
        result = evaluate_policy(campaign.log(row.logging), campaign.on_log_of(row.logging, row.evaluation))
        yield from _row_figures(row, result, campaign.truth(row.evaluation))


def _row_figures(row: TableRow, result: OffPolicyResult, truth: float) -> Iterator[Figure]:
    snips = result.row("SNIPS")
    verdict = f"verdict: {result.verdict.outcome} ({result.verdict.reason})"
    for name, value, target, note in (
        ("logged click rate", result.logged_value, row.logged, ""),
        ("true click rate", truth, row.truth, "in the policy's own log"),
        ("IPS", result.row("IPS").value, row.ips, ""),
        ("SNIPS", snips.value, row.snips, f"bootstrap interval {_text(snips.bootstrap)}; {verdict}"),
    ):
        yield _rounded(_title(row, name), value, "clicks a slot", target, _RATE_ROUNDING, note)
    size = snips.diagnostics.effective_sample_size
    yield _rounded(_title(row, "ESS"), size, "requests", row.effective_sample_size, _SIZE_ROUNDING, "of 10,000")


def refusal_figure(data_dir: Path) -> Figure:
    """Whether a real log with an effective sample size of about 2 is refused.

    The policy is the one of all "always show item X" whose effective sample size in the Thompson sampling log of
    campaign all is nearest to 2.

    Args:
        data_dir: The folder of real data.
    """
    name = "Open Bandit, a policy whose effective sample size is about 2: the verdict is `cannot tell`"
    if not OpenBandit.is_there(data_dir):
        return Figure.absent(name, "1 if it is", 1.0, f"{data_dir / FOLDER} is not there")
    campaign = OpenBandit(data_dir, "all")
    log, shown = campaign.log("bts"), campaign.items_shown("bts")
    policies = [EvaluationPolicy((shown == item).astype(np.float64)) for item in np.unique(shown)]
    weights = InversePropensity()
    sizes = [diagnose(log, weights.terms(log, policy)).effective_sample_size for policy in policies]
    nearest = int(np.argmin(np.abs(np.array(sizes) - _WEAK_SIZE)))
    verdict = evaluate_policy(log, policies[nearest]).verdict
    how = f"always item {np.unique(shown)[nearest]}, effective sample size {sizes[nearest]:.2f}; {verdict.reason}"
    return Figure.at_least(name, float(verdict.outcome == "cannot tell"), "1 if it is", 1.0, how)


def _title(row: TableRow, name: str) -> str:
    return f"Open Bandit, {row.campaign}, {row.logging} -> {row.evaluation}: {name}"


def _rounded(name: str, value: float, unit: str, target: float, half: float, note: str) -> Figure:
    # The table's figures are themselves rounded, so ours may be a rounding error beyond half of its last digit.
    met = abs(value - target) <= half * (1 + 1e-6)
    return Figure(name, value, unit, target, met, f"rounds to the table's {target:g}" + (f"; {note}" if note else ""))


def _text(interval: tuple[float, float] | None) -> str:
    return "none" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
