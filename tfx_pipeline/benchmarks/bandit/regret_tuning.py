"""How the settings of `simulated_shop` were found: `python -m tfx_pipeline.benchmarks.bandit.regret_tuning`.

It takes about a quarter of an hour and is not part of a benchmark. The shop has a seed that no figure is measured on.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tfx_pipeline.benchmarks.bandit.regret import LearnerSettings, learn
from tfx_pipeline.benchmarks.bandit.simulated_shop import REQUESTS, Peer, peer_choices
from tfx_pipeline.benchmarks.bandit.simulated_stream import SimulatedStream
from tfx_pipeline.benchmarks.progress import say

Settings = dict[str, float]

TUNING_SEED = 100
STARTS: dict[str, Settings] = {
    "thompson": {"noise_variance": 0.2, "item_precision": 10.0, "prior_precision": 1.0},
    "squarecb": {"gamma_scale": 10, "learning_rate": 0.5},
    "lin_ucb": {"alpha": 1.0, "l2_lambda": 1.0},
}
"""Learner -> settings to start from: those of its package; for ours the variance of an outcome of chance 0.7."""

VALUES: dict[str, dict[str, Sequence[float]]] = {
    "thompson": {
        "noise_variance": (0.05, 0.1, 0.2),
        "item_precision": (10.0, 40.0, 100.0),
        "prior_precision": (1.0, 10.0, 30.0, 100.0),
    },
    "squarecb": {"gamma_scale": (10, 100, 1000, 3000, 10_000, 30_000, 100_000), "learning_rate": (0.1, 0.5, 1.0)},
    "lin_ucb": {"alpha": (0.1, 0.2, 0.3, 0.5, 1.0), "l2_lambda": (0.3, 1.0, 3.0)},
}
"""Learner -> setting -> values, in the order in which settings are tuned."""


def tune(regret: Callable[[Settings], float], start: Settings, values: Mapping[str, Sequence[float]]) -> Settings:
    """Set one after the other to the value of the smallest regret, the others as they are by then.

    Args:
        regret: Regret with these settings.
        start: What to begin with.
        values: Setting -> values to try.
    """
    best = dict(start)
    for setting, choices in values.items():
        regrets = {}
        for value in choices:
            regrets[value] = regret({**best, setting: value})
            say(f"{ {**best, setting: value} }: {regrets[value]:,.0f}")
        best[setting] = min(regrets, key=lambda value: regrets[value])
    return best


def main() -> None:
    """Tune all learners and print their settings."""
    stream = SimulatedStream.draw(REQUESTS, TUNING_SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.npz"
        stream.save_for_peers(path)

        def ours(settings: Settings) -> float:
            return stream.cumulative_regret(learn(stream, "thompson", 0, LearnerSettings(**settings)))

        def theirs(learner: str) -> Callable[[Settings], float]:
            return lambda settings: stream.cumulative_regret(peer_choices(Peer(learner, learner, settings), path))

        for learner, values in VALUES.items():
            regret = ours if learner == "thompson" else theirs(learner)
            print(learner, tune(regret, STARTS[learner], values), flush=True)


if __name__ == "__main__":
    main()
