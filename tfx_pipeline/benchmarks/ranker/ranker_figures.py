"""The figures of the ranker: what it adds to retrieval, and where it stands beside boosted trees."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from tfx_pipeline.benchmarks.bandit.peer_environment import NO_PEERS, PEER_PYTHON
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from tfx_pipeline.benchmarks.ranker.measured_ranker import Measured

RUN_DIR = Path("runs/demo")
SEEDS = (7, 8)
RETRIEVAL_TARGET, TREES_TARGET = 1.10, 1.0

_RETRIEVAL = "ranker / retrieval alone"
_TREES = "ranker / LightGBM lambdarank"
_UNIT = "NDCG@10"
_PROTOCOL = (
    "Complete Journey data, all items; the candidates, features and cases are the same for all; trained on the ranker "
    "window, chosen by cases of the eval window"
)


def ranker_figures(data_dir: Path, run_dir: Path = RUN_DIR, seeds: Sequence[int] = SEEDS) -> Iterator[Figure]:
    """Train the ranker and LightGBM on the candidates of a run, and ask both about the test window.

    Args:
        data_dir: Not used: the data come with the set-up.
        run_dir: A run directory, such as `shoprank demo` makes.
        seeds: Of the trainings.
    """
    del data_dir
    # Checked before TensorFlow is loaded.
    if not run_dir.is_dir():
        why = f"{run_dir} is not there; run `shoprank demo` first"
        yield Figure.absent(_RETRIEVAL, "times", RETRIEVAL_TARGET, why)
        yield Figure.absent(_TREES, "times", TREES_TARGET, why)
        return
    from tfx_pipeline.environment import prepare_environment

    prepare_environment()
    from tfx_pipeline.benchmarks.ranker.measured_ranker import measure_ranker
    from tfx_pipeline.benchmarks.ranker.trained_run import TrainedRun

    try:
        run = TrainedRun.load(run_dir)
        with TemporaryDirectory() as folder:
            measured = measure_ranker(run, seeds, Path(folder), with_peer=PEER_PYTHON.exists())
    except PipelineError as error:
        yield Figure.absent(_RETRIEVAL, "times", RETRIEVAL_TARGET, str(error))
        yield Figure.absent(_TREES, "times", TREES_TARGET, str(error))
        return
    yield from figures_of(measured)


def figures_of(measured: "Measured") -> Iterator[Figure]:
    """The rows for both windows; targets are those of the test window."""
    for window in measured.ours:
        how = f"{window} window; {_PROTOCOL}"
        yield Figure.shown(f"{window}, order of the sources", measured.sources[window], _UNIT, how)
        yield Figure.shown(f"{window}, score of the two towers", measured.towers[window], _UNIT, how)
        yield _of_seeds(f"{window}, ranker", measured.ours[window], how)
        if measured.trees is not None:
            kept = f"best of three settings: {measured.trees_settings}"
            yield _of_seeds(f"{window}, LightGBM", measured.trees[window], f"{kept}; {how}")
    ours = float(np.mean(measured.ours["test"]))
    best = max(measured.sources["test"], measured.towers["test"])
    how = "test window; against the better one of both orders that retrieval has"
    yield Figure.at_least(_RETRIEVAL, ours / best, "times", RETRIEVAL_TARGET, how)
    if measured.trees is None:
        yield Figure.absent(_TREES, "times", TREES_TARGET, NO_PEERS)
        return
    how = f"test window, means of the seeds; {_PROTOCOL}"
    yield Figure.at_least(_TREES, ours / float(np.mean(measured.trees["test"])), "times", TREES_TARGET, how)


def _of_seeds(name: str, values: Sequence[float], how: str) -> Figure:
    spread = ", ".join(f"{value:.4f}" for value in values)
    return Figure.shown(name, float(np.mean(values)), _UNIT, f"mean of {len(values)} seeds: {spread}; {how}")
