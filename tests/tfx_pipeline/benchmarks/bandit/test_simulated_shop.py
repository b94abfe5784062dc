from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.bandit import peer_environment
from tfx_pipeline.benchmarks.bandit.peer_environment import PEER_PYTHON
from tfx_pipeline.benchmarks.bandit.simulated_shop import PEERS, Peer, peer_choices, simulated_shop_figures
from tfx_pipeline.benchmarks.bandit.simulated_stream import SimulatedStream
from tfx_pipeline.errors import PipelineError

needs_peers = pytest.mark.skipif(not PEER_PYTHON.exists(), reason="`make bench-setup` has not made .venv-bench")


def test_without_the_peers_their_figures_are_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_environment, "PEER_PYTHON", Path("/nowhere/python"))
    ours, shown, *peers = simulated_shop_figures(requests=200, seeds=(1,))
    assert ours.value is not None and "epsilon-greedy" in ours.name and ours.target == 0.5
    assert shown.value is not None and shown.target is None
    assert len(peers) == 2
    for figure in peers:
        assert figure.value is None and figure.met is False
        assert figure.how.startswith("not measured: ") and figure.how.endswith("run `make bench-setup`")


@needs_peers
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.learner)
def test_a_peer_learns_from_the_same_stream(peer: Peer, tmp_path: Path) -> None:
    stream = SimulatedStream.draw(1_000, seed=5)
    stream.save_for_peers(tmp_path / "stream.npz")
    choices = peer_choices(peer, tmp_path / "stream.npz")
    uniform = stream.missed.mean() * 1_000
    assert 0 < stream.cumulative_regret(choices) < 0.8 * uniform


@needs_peers
def test_a_peer_that_fails_says_why(tmp_path: Path) -> None:
    stream = SimulatedStream.draw(60, seed=5)
    stream.save_for_peers(tmp_path / "stream.npz")
    with pytest.raises(PipelineError, match="^regret_peer.py: KeyError: 'no such learner'"):
        peer_choices(Peer("wrong", "no such learner", {}), tmp_path / "stream.npz")
