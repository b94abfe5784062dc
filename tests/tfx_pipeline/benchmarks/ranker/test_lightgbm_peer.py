"""The peer itself, where `make bench-setup` has been run."""

from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.bandit.peer_environment import NO_PEERS, PEER_PYTHON, run_peer
from tfx_pipeline.benchmarks.ranker import lightgbm_peer

CASES, CANDIDATES = 120, 30


def write(path: Path, seed: int) -> np.ndarray:
    """Candidates whose first feature says all; the labels."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(CASES * CANDIDATES, 3)).astype(np.float32)
    labels = features[:, 0] > 1.5
    np.savez(path, sizes=np.full(CASES, CANDIDATES), features=features, labels=labels)
    return labels


@pytest.mark.skipif(not PEER_PYTHON.exists(), reason=NO_PEERS)
def test_it_learns_and_scores_each_window_with_each_seed(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.npz" for name in ("train", "validation", "test")]
    labels = [write(path, seed) for seed, path in enumerate(files)][-1]
    printed = run_peer(Path(lightgbm_peer.__file__), *files[:2], tmp_path / "scores.npz", "1,2", files[2])
    assert '"rounds"' in printed
    with np.load(tmp_path / "scores.npz") as scores:
        assert sorted(scores.files) == ["test_1", "test_2"]
        assert np.median(scores["test_1"][labels]) > np.quantile(scores["test_1"][~labels], 0.99)
