"""One measurement: our ranker, retrieval alone and boosted trees, trained on and asked about the same candidates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_pipeline.benchmarks.bandit.peer_environment import run_peer
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.ranker import lightgbm_peer
from tfx_pipeline.benchmarks.ranker.mined_window import MinedRows, ranker_scores
from tfx_pipeline.benchmarks.ranker.trained_run import TrainedRun
from tfx_pipeline.benchmarks.ranker.window_cases import window_cases
from tfx_pipeline.components.candidate_miner import candidate_splits
from trainer import features
from trainer.case_variants import Variant
from trainer.export import build_retrieval_graph
from trainer.mined_examples import mined_dataset, with_vectors, write_mined
from trainer.mining import mine
from trainer.ranker_training import train_ranker
from trainer.retrieval_graph import RetrievalGraph

WINDOWS = (features.EVAL, features.TEST)
_VALIDATION = "validation"


@dataclass(frozen=True)
class Measured:
    """NDCG@10 on all items by window.

    Attributes:
        ours: Of our ranker, one value a seed.
        sources: Of the candidates in the order in which their sources name them.
        towers: Of the candidates by the score of the two towers.
        trees: Of LightGBM, one value a seed; None where it is not installed.
        trees_settings: The settings of LightGBM that were kept.
    """

    ours: dict[str, list[float]]
    sources: dict[str, float]
    towers: dict[str, float]
    trees: dict[str, list[float]] | None = None
    trees_settings: str = ""


def measure_ranker(run: TrainedRun, seeds: Sequence[int], folder: Path, with_peer: bool) -> Measured:
    """Mine, train and score.

    Args:
        run: What the candidates come from.
        seeds: Of the trainings.
        folder: Takes the candidates.
        with_peer: Whether LightGBM is there.
    """
    mining = _Mining(run, folder)
    counts = mining.write()
    rows = {name: mining.rows(name) for name in (features.TRAIN, _VALIDATION, *WINDOWS)}
    preference = mining.names.index("preference")
    measured = Measured(
        ours={window: [] for window in WINDOWS},
        sources={name: rows[name].ndcg(rows[name].source_order(), counts[name]) for name in WINDOWS},
        towers={name: rows[name].ndcg(rows[name].features[:, preference], counts[name]) for name in WINDOWS},
    )
    for seed in seeds:
        say(f"our ranker, seed {seed}")
        ranker = mining.train(seed)
        for window in WINDOWS:
            scores = ranker_scores(ranker, mining.examples(window, None))
            measured.ours[window].append(rows[window].ndcg(scores, counts[window]))
    return _with_trees(measured, rows, counts, seeds, folder) if with_peer else measured


class _Mining:
    """The candidates of a run, on disk."""

    def __init__(self, run: TrainedRun, folder: Path) -> None:
        self._run, self._folder, self._settings = run, folder, run.miner.settings
        first = build_retrieval_graph(run.miner.package, False, run.miner.transform, self._settings)
        last = build_retrieval_graph(run.miner.package, True, run.miner.transform, self._settings, first.search)
        self._graphs = {features.RANKER: first, features.EVAL: last}
        self.names, self._store = first.features.names, last.store

    def write(self) -> dict[str, np.ndarray]:
        """Mine; the number of targets of each case by window."""
        counts = {}
        for source, graph in self._graphs.items():
            cases = self._run.miner.cases(f"{self._run.examples}/Split-{source}/*", source)
            split = features.TRAIN if source == features.RANKER else features.EVAL
            part = candidate_splits(cases, source, self._settings)[split]
            name = features.TRAIN if source == features.RANKER else _VALIDATION
            self._mine(name, graph, self._run.miner.variants(part))
        for window in WINDOWS:
            cases, counts[window] = window_cases(self._run, window)
            self._mine(window, self._graphs[features.EVAL], [Variant(cases)])
        return counts

    def _mine(self, name: str, graph: RetrievalGraph, variants: Sequence[Variant]) -> None:
        say(f"candidates: {name}")
        catalogue, attended = self._run.miner.package.catalogue, self._settings.ranker["attended_events"]
        mined = (mine(graph, each.cases, catalogue, each.new_only, attended) for each in variants)
        write_mined(chain.from_iterable(mined), self._folder / name)

    @property
    def _widths(self) -> tuple[int, int]:
        return len(self.names), len(self._settings.objectives)

    def rows(self, name: str) -> MinedRows:
        return MinedRows.read(self._folder / name, self._widths, self._settings.ranker["batch_cases"])

    def examples(self, name: str, seed: int | None) -> tf.data.Dataset:
        path, batch = str(self._folder / name), self._settings.ranker["batch_cases"]
        mined = mined_dataset([path], batch, self._widths, seed)
        if not self._settings.ranker["attended_events"]:
            return mined
        return with_vectors(mined, self._store.preferences, self._store.texts)

    def train(self, seed: int) -> tf.Module:
        training, validation = self.examples(features.TRAIN, seed), self.examples(_VALIDATION, None)
        vector_size = self._store.preferences.shape[1] + self._store.texts.shape[1]
        settings = replace(self._settings, seed=seed)
        return train_ranker(training, validation, self._widths[0], settings, self._folder / "logs", vector_size)


def _with_trees(
    measured: Measured,
    rows: dict[str, MinedRows],
    counts: dict[str, np.ndarray],
    seeds: Sequence[int],
    folder: Path,
) -> Measured:
    say("LightGBM")
    files = {name: folder / f"{name}.npz" for name in rows}
    for name, path in files.items():
        rows[name].save_for_peer(path)
    scores, joined = folder / "scores.npz", ",".join(map(str, seeds))
    learned = (files[features.TRAIN], files[_VALIDATION])
    printed = run_peer(Path(lightgbm_peer.__file__), *learned, scores, joined, *(files[window] for window in WINDOWS))
    kept = json.loads(printed.splitlines()[-1])
    with np.load(scores) as found:
        trees = {
            window: [rows[window].ndcg(found[f"{window}_{seed}"], counts[window]) for seed in seeds]
            for window in WINDOWS
        }
    return replace(measured, trees=trees, trees_settings=", ".join(f"{name} {value}" for name, value in kept.items()))
