"""Our estimators beside those of Open Bandit Pipeline: on the same arrays, and in its published example."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.bandit.generated_slates import GeneratedLog, GeneratedSlates
from tfx_pipeline.benchmarks.bandit.peer_environment import NO_PEERS, PEER_PYTHON, run_peer
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.evaluation.off_policy import (
    CascadeDoublyRobust,
    CascadeInversePropensity,
    DirectMethod,
    DoublyRobust,
    Estimator,
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    SelfNormalisedInversePropensity,
    ShrunkDoublyRobust,
    SwitchDoublyRobust,
    WholeSlateInversePropensity,
    estimate,
)

EQUAL_TARGET = 1e-6
TAU, SHRINKAGE, SLATE_SLOTS = 1.5, 3.0, 3
PUBLISHED = {"DM": 0.157, "IPS": 0.311, "SNIPS": 0.312, "DR": 0.292, "Switch-DR": 0.258, "DRos": 0.160}
"""Mean relative errors on campaign all, random -> Thompson sampling, that obp's example reports for this sample."""
PUBLISHED_TOLERANCE = 0.02
"""How far ours may be from the published error: the reward model's training is not given in full."""

_PROGRAM = Path(__file__).with_name("obp_peer.py")
_SINGLE_SLOT: tuple[Estimator, ...] = (
    DirectMethod(),
    InversePropensity(),
    SelfNormalisedInversePropensity(),
    DoublyRobust(),
    SwitchDoublyRobust(TAU),
    ShrunkDoublyRobust(SHRINKAGE),
)
_SLATE: dict[str, Estimator] = {
    "whole-slate IPS": WholeSlateInversePropensity(),
    "IIPS": InversePropensity(),
    "cascade IPS": CascadeInversePropensity(),
    "cascade DR": CascadeDoublyRobust(),
}


def agreement_figures(requests: int = 2_000) -> Iterator[Figure]:
    """The difference of every estimator to obp's on the same generated logs.

    Args:
        requests: Requests of each log.
    """
    say("obp on the same arrays")
    differences = differences_to_obp(requests) if PEER_PYTHON.exists() else {}
    for name in (*PUBLISHED, *_SLATE):
        title = f"{name}, difference to obp"
        if name in differences:
            slots = SLATE_SLOTS if name in _SLATE else 1
            how = f"absolute, on {requests:,} generated requests, {slots} slots each; obp 0.5.7 in its own environment"
            yield Figure.at_most(title, differences[name], "clicks a request", EQUAL_TARGET, how)
        else:
            yield Figure.absent(title, "clicks a request", EQUAL_TARGET, NO_PEERS)


def differences_to_obp(requests: int) -> dict[str, float]:
    """Estimator -> absolute difference of our value to obp's, on a log of single slots or of slates.

    Args:
        requests: Requests of each log.

    Raises:
        PipelineError: obp is not there or failed.
    """
    single, slate = (_generated(slots, requests) for slots in (1, SLATE_SLOTS))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "single.npz", Path(folder) / "slate.npz"]
        for path, generated in zip(paths, (single, slate), strict=True):
            _save(path, generated)
        theirs = json.loads(run_peer(_PROGRAM, "estimates", *paths))
    asked = [(estimator.name, estimator, single) for estimator in _SINGLE_SLOT]
    asked += [(name, estimator, slate) for name, estimator in _SLATE.items()]
    return {
        name: abs(estimate(estimator, generated.log, generated.evaluation) - theirs[name])
        for name, estimator, generated in asked
    }


def _generated(slots: int, requests: int) -> GeneratedLog:
    return GeneratedSlates.draw(slots, seed=11, model_error=0.3).log(requests, seed=12)


def published_figures() -> Iterator[Figure]:
    """The mean relative errors of our estimators in obp's example, with the published ones as targets."""
    if not PEER_PYTHON.exists():
        for name, target in PUBLISHED.items():
            yield Figure.absent(_title(name), "", target, NO_PEERS)
        return
    say("obp's example on the Open Bandit Dataset sample: some minutes")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "published.npz"
        run_peer(_PROGRAM, "published", path)
        arrays = dict(np.load(path))
    ours = _relative_errors(arrays)
    for number, (name, target) in enumerate(PUBLISHED.items()):
        theirs = arrays["errors"][:, number]
        how = (
            f"within {PUBLISHED_TOLERANCE} of the published {target}; mean over {len(theirs)} bootstrap resamples of "
            f"the log; on the same arrays obp itself gets {theirs.mean():.4f}, the largest difference of an error is "
            f"{np.abs(ours[name] - theirs).max():.1e}; reward model (logistic regression), resamples, tau and lambda "
            "are obp's"
        )
        error = float(ours[name].mean())
        yield Figure(_title(name), error, "", target, abs(error - target) <= PUBLISHED_TOLERANCE, how)


def _title(name: str) -> str:
    return f"Open Bandit, all, random -> bts, {name}: mean relative error"


def _relative_errors(arrays: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    errors: dict[str, list[float]] = {name: [] for name in PUBLISHED}
    truth = float(arrays["truth"])
    for number in range(len(arrays["rewards"])):
        rows = np.arange(arrays["rewards"].shape[1])
        rewards = arrays["rewards"][number].astype(np.float64)
        log = LoggedSlots(rewards, arrays["propensities"][number], np.zeros_like(rows), rows)
        names = ("evaluation_propensities", "estimated_rewards", "expected_rewards")
        evaluation = EvaluationPolicy(*(arrays[name][number] for name in names))
        tuned = (SwitchDoublyRobust(float(arrays["tau"][number])), ShrunkDoublyRobust(float(arrays["lambda"][number])))
        for estimator in (*_SINGLE_SLOT[:4], *tuned):
            errors[estimator.name].append(abs(estimate(estimator, log, evaluation) - truth) / truth)
    return {name: np.array(values) for name, values in errors.items()}


def _save(path: Path, generated: GeneratedLog) -> None:
    log = generated.log
    np.savez(
        path,
        reward=log.rewards,
        pscore=log.propensities,
        action=generated.actions,
        position=log.slots,
        slate_id=log.requests,
        action_dist=generated.distribution,
        q_hat=generated.estimates,
        tau=TAU,
        **{"lambda": SHRINKAGE},
    )
