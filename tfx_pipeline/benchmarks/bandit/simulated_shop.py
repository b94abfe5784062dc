"""Regret in the generated shop: Thompson sampling beside epsilon-greedy, VowpalWabbit and MABWiser on one stream."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.bandit.peer_environment import run_peer
from tfx_pipeline.benchmarks.bandit.regret import LearnerSettings, PolicyName, learn
from tfx_pipeline.benchmarks.bandit.simulated_stream import BATCH, CANDIDATES, Rows, SimulatedStream
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.simulator.settings import SimulatorSettings

REQUESTS, SEEDS, HALF = 50_000, (1, 2, 3), 0.5

_PROGRAM = Path(__file__).with_name("regret_peer.py")
_PROCESSES = 2

OUR_SETTINGS = LearnerSettings(prior_precision=10.0, item_precision=40.0, noise_variance=0.1)
"""As `regret_tuning` finds them for Thompson sampling, on a shop that is not measured."""


@dataclass(frozen=True)
class Peer:
    """A learner of another package.

    Attributes:
        name: What it is called in the figures.
        learner: Its name in `regret_peer`.
        settings: As `regret_tuning` finds them, on a shop that is not measured.
    """

    name: str
    learner: str
    settings: Mapping[str, float]


PEERS = (
    Peer("VowpalWabbit's SquareCB", "squarecb", {"gamma_scale": 30_000, "learning_rate": 0.5}),
    Peer("MABWiser's LinUCB", "lin_ucb", {"alpha": 0.3, "l2_lambda": 1.0}),
)


def peer_choices(peer: Peer, stream: Path) -> Rows:
    """Let a peer go through a stream, in a process of its own.

    Args:
        peer: What learns.
        stream: What `SimulatedStream.save_for_peers` wrote. Its folder receives a file.

    Returns:
        The position among the candidates that it chose for each request, [R] int64.

    Raises:
        PipelineError: There is no environment of the peers, or it failed.
    """
    choices = stream.with_suffix(f".{peer.learner}.npy")
    run_peer(_PROGRAM, peer.learner, stream, choices, json.dumps(dict(peer.settings)))
    return np.asarray(np.load(choices), np.int64)


def simulated_shop_figures(requests: int = REQUESTS, seeds: tuple[int, ...] = SEEDS) -> Iterator[Figure]:
    """Let every learner go through the same streams.

    Args:
        requests: Requests of each stream.
        seeds: One generated shop each.
    """
    say(f"generated shop, {len(seeds)} x {requests:,} requests")
    streams = [SimulatedStream.draw(requests, seed) for seed in seeds]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.npz" for seed in seeds]
        for stream, path in zip(streams, paths, strict=True):
            stream.save_for_peers(path)
        thompson = _our_regrets(streams, "thompson", seeds)
        yield _beside_epsilon_greedy(thompson, _our_regrets(streams, "epsilon_greedy", seeds), requests)
        yield Figure.shown(
            f"generated shop, {requests:,} requests: LinUCB's regret over Thompson's",
            float(np.mean(_our_regrets(streams, "lin_ucb", seeds) / thompson)),
            "",
            f"both ours, alpha {OUR_SETTINGS.linucb_alpha:g}, mean of {len(seeds)} seeds",
        )
        for peer in PEERS:
            yield _beside_peer(peer, thompson, streams, paths)


def _our_regrets(streams: list[SimulatedStream], policy: PolicyName, seeds: tuple[int, ...]) -> np.ndarray:
    say(f"generated shop: {policy}")
    pairs = zip(streams, seeds, strict=True)
    return np.array([stream.cumulative_regret(learn(stream, policy, seed, OUR_SETTINGS)) for stream, seed in pairs])


def _beside_epsilon_greedy(thompson: np.ndarray, epsilon_greedy: np.ndarray, requests: int) -> Figure:
    return Figure.at_most(
        f"generated shop, {requests:,} requests: Thompson's regret over epsilon-greedy's (epsilon "
        f"{OUR_SETTINGS.epsilon:g})",
        float((thompson / epsilon_greedy).max()),
        "",
        HALF,
        f"the worst of {len(thompson)} seeds, {_pairs(thompson, epsilon_greedy)}; {_setting()}; both with the same "
        f"posterior settings: prior precision {OUR_SETTINGS.prior_precision:g}, item precision "
        f"{OUR_SETTINGS.item_precision:g}, noise variance {OUR_SETTINGS.noise_variance:g}",
    )


def _beside_peer(peer: Peer, thompson: np.ndarray, streams: list[SimulatedStream], paths: list[Path]) -> Figure:
    requests = len(streams[0].candidates)
    name = f"generated shop, {requests:,} requests: Thompson's regret over that of {peer.name}"
    say(f"generated shop: {peer.name}")
    try:
        theirs = _peer_regrets(peer, streams, paths)
    except PipelineError as error:
        return Figure.absent(name, "", 1.0, str(error))
    settings = ", ".join(f"{option} {value:g}" for option, value in peer.settings.items())
    how = (
        f"the worst of {len(thompson)} seeds, {_pairs(thompson, theirs)}; the same streams, features, luck and "
        f"batches; its settings ({settings}), as ours, were found by regret_tuning on another "
        f"generated shop"
    )
    return Figure.at_most(name, float((thompson / theirs).max()), "", 1.0, how)


def _peer_regrets(peer: Peer, streams: list[SimulatedStream], paths: list[Path]) -> np.ndarray:
    with ThreadPoolExecutor(_PROCESSES) as threads:
        choices = threads.map(lambda path: peer_choices(peer, path), paths)
        return np.array([stream.cumulative_regret(chosen) for stream, chosen in zip(streams, choices, strict=True)])


def _pairs(ours: np.ndarray, theirs: np.ndarray) -> str:
    return "; ".join(f"{mine:,.0f} against {other:,.0f} clicks" for mine, other in zip(ours, theirs, strict=True))


def _setting() -> str:
    shop = SimulatorSettings()
    return (
        f"exact regret in expected clicks; {shop.users} users, {shop.items} items and {shop.new_items} that arrive "
        f"over {shop.days} days, drifting tastes and qualities, {CANDIDATES} candidates and one slot a request; "
        f"learners see blurred, rotated tastes and traits and no qualities; outcomes come in batches of {BATCH} "
        f"requests"
    )
