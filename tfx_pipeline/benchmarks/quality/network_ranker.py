"""A ranker whose networks weigh the inputs of a candidate together, learned from earlier cases."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.candidate_table import Fitted, candidate_table
from tfx_pipeline.benchmarks.quality.mixture_ranker import LearningTable, mixture_inputs, rank_candidates
from tfx_pipeline.benchmarks.quality.settings import ColumnSettings, NetworkSettings, PoolSettings
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from trainer.listwise_loss import listwise_softmax
from trainer.ranker import Ranker

_FURTHEST = 5.0
_CASES_AT_ONCE = 64


def fit_network(tables: Sequence[LearningTable], settings: NetworkSettings, seed: int) -> "ScaledNetworks":
    """Learn the ranker's network (`trainer.ranker.Ranker`) with the listwise softmax loss, once for each member.

    Args:
        tables: Candidates; the cases without a positive among theirs are left out.
        settings: Sizes and rates.
        seed: Seed of the weights and of the order of the cases.
    """
    inputs = np.concatenate([table.inputs for table in tables])
    mean, deviation = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    scale = _Scale(mean.astype(np.float32), np.where(deviation > 1e-6, deviation, 1).astype(np.float32))
    members = range(seed * settings.members, (seed + 1) * settings.members)
    return ScaledNetworks([_fit_member(tables, scale, settings, member) for member in members], scale)


def _fit_member(tables: Sequence[LearningTable], scale: "_Scale", settings: NetworkSettings, seed: int) -> Ranker:
    keras.utils.set_random_seed(seed)
    batches = _Batches(tables, scale, settings.batch, seed)
    network = Ranker(["purchase"], len(scale.mean), settings.hidden)
    schedule = keras.optimizers.schedules.CosineDecay(settings.learning_rate, len(batches) * settings.epochs)
    network.compile(optimizer=keras.optimizers.Adam(schedule), loss=listwise_softmax)
    network.fit(batches, epochs=settings.epochs, verbose=0)
    return network


@dataclass(frozen=True, eq=False)
class _Scale:
    """Standardises inputs and cuts off what lies more than 5 deviations away."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip((inputs - self.mean) / self.deviation, -_FURTHEST, _FURTHEST)


class _Batches(keras.utils.PyDataset):
    """Cases with a positive, in another order each epoch: features [B, N, F] and labels [B, N, 1], -1 for padding."""

    def __init__(self, tables: Sequence[LearningTable], scale: _Scale, size: int, seed: int) -> None:
        super().__init__()
        self._tables, self._scale, self._size = tables, scale, size
        self._widest = max(int(table.candidates.lengths.max(initial=0)) for table in tables)
        self._cases = np.array(
            [(place, case) for place, table in enumerate(tables) for case in _with_positive(table)], np.int64
        )
        self._generator = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self._cases) // self._size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = self._cases[index * self._size : (index + 1) * self._size]
        features = np.zeros((len(chosen), self._widest, len(self._scale.mean)), np.float32)
        labels = np.full((len(chosen), self._widest, 1), -1, np.float32)
        for row, (place, case) in enumerate(chosen):
            table = self._tables[place]
            start, end = table.candidates.offsets[case : case + 2]
            features[row, : end - start] = self._scale(table.inputs[start:end])
            labels[row, : end - start, 0] = table.positives[start:end]
        return features, labels

    def on_epoch_end(self) -> None:
        self._generator.shuffle(self._cases)


def _with_positive(table: LearningTable) -> NDArray[np.int64]:
    return np.unique(table.candidates.owners[table.positives])


@dataclass(frozen=True, eq=False)
class ScaledNetworks:
    """Networks with the scale of their inputs.

    Attributes:
        members: Each scores scaled inputs.
        scale: Of the inputs.
    """

    members: Sequence[Ranker]
    scale: _Scale

    def score(self, inputs: NDArray[np.float32], candidates: Ragged) -> NDArray[np.float32]:
        """The mean score of every candidate; float32 [M] for inputs [M, F] of C lists."""
        found = [np.zeros(0, np.float32)]
        for start in range(0, len(candidates), _CASES_AT_ONCE):
            ends = candidates.offsets[[start, min(start + _CASES_AT_ONCE, len(candidates))]]
            part = self.scale(inputs[slice(*ends)])[np.newaxis]
            scores = [keras.ops.convert_to_numpy(member(part))[0, :, 0] for member in self.members]
            found.append(np.mean(scores, axis=0))
        return np.concatenate(found)


@dataclass(frozen=True, eq=False)
class NetworkRanker:
    """Ranks the candidates of a case by a network; a `Ranker` of the evaluation.

    Attributes:
        fitted: Sources fitted to the past of the cases.
        pool: Which items are candidates.
        columns: Inputs of the network.
        network: What was learned.
    """

    fitted: Fitted
    pool: PoolSettings
    columns: Sequence[ColumnSettings]
    network: ScaledNetworks

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank k candidates a case; equal scores keep catalogue order."""
        table = candidate_table(self.fitted, cases, self.pool, new_only)
        scores = self.network.score(mixture_inputs(table, self.columns), table.candidates)
        return rank_candidates(table.candidates, scores, k)
