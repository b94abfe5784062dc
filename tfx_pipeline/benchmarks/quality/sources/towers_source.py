"""The two towers as a source: the product of query vector and item vectors."""

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.co_occurrence_vectors import co_occurrence_vectors
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer import (
    CausalAttention,
    FullSoftmax,
    ItemFeatures,
    ItemTables,
    ItemTower,
    QueryTower,
    TwoTowerModel,
    next_item_windows,
)

_CO_OCCURRENCE_STEPS = 10


@dataclass(frozen=True)
class TowersSource(Source):
    """A `TwoTowerModel` of ids that predicts the next item of a sequence (Kang and McAuley 2018, "SASRec").

    The query is what causal self-attention makes of the history; the items are their id vectors, which start from
    `co_occurrence_vectors`. Both end in unit vectors; the softmax is over the full catalogue.

    Attributes:
        name: Name of the score.
        dimension: Length of the vectors.
        length: Latest events of a history that are read, and positions of a training window.
        blocks: Blocks of attention.
        heads: Heads of a block.
        dropout: Share of units dropped in training.
        epochs: Passes over the windows.
        batch_size: Windows of a batch.
        learning_rate: Largest rate of Adam; one epoch of warm-up, then a cosine down to 0.
        temperature: First temperature of the softmax; it is learned.
    """

    name: str = "towers"
    dimension: int = 64
    length: int = 50
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.3
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 3e-3
    temperature: float = 0.07
    is_random: ClassVar[bool] = True

    def fit(self, past: Past, seed: int) -> "FittedTowers":
        """Train the towers on the sequences of a past."""
        keras.utils.set_random_seed(seed)
        windows = next_item_windows(_by_user(past), self.length)
        model = self._model(past, windows["targets"], seed)
        steps = -(-len(windows["history"]) // self.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(steps * (self.epochs - 1), 1), warmup_target=self.learning_rate, warmup_steps=steps
        )
        model.compile(optimizer=keras.optimizers.Adam(rate, beta_2=0.98, global_clipnorm=5.0), steps_per_execution=8)
        model.fit(windows, batch_size=self.batch_size, epochs=self.epochs, verbose=0)
        return FittedTowers(self.name, model, self.length)

    def _model(self, past: Past, targets: NDArray[np.int32], seed: int) -> TwoTowerModel:
        count = past.shop.item_count
        encoder = CausalAttention(self.dimension, self.blocks, self.heads, self.dropout)
        model = TwoTowerModel(
            QueryTower(0, self.dimension, encoder, hidden=0, residual=True),
            ItemTower(self.dimension, hidden=0),
            FullSoftmax(count, self.temperature),
            ItemTables(count),
            self.dimension,
            history_vectors="tower",
        )
        model.set_items(ItemFeatures(), np.bincount(targets[targets >= 0], minlength=count + 1))
        vectors = co_occurrence_vectors(past.sequences, self.dimension, _CO_OCCURRENCE_STEPS, seed)
        unknown = np.zeros((1, self.dimension), np.float32)
        model.item_embedding.embeddings.assign(np.concatenate([vectors, unknown]))
        return model


def _by_user(past: Past) -> list[NDArray[np.int64]]:
    return np.split(past.items, np.flatnonzero(np.diff(past.users)) + 1)


class FittedTowers(FittedSource):
    """Trained towers with the vectors of all items.

    Args:
        name: Name of the score.
        model: The towers.
        length: Latest events of a history that are read.
    """

    def __init__(self, name: str, model: TwoTowerModel, length: int) -> None:
        self._name, self._model, self._length = name, model, length
        self._items = keras.ops.convert_to_numpy(model.embed_items(np.arange(model.item_count)))

    def scores(self, cases: EvaluationCases) -> Columns:
        """The products of the query vectors and the item vectors; see the base class."""
        history = np.full((len(cases), self._length), -1, np.int32)
        for row in range(len(cases)):
            latest = cases.history_of(row)[-self._length :]
            history[row, : len(latest)] = latest
        seen = (history >= 0)[:, np.newaxis, :]
        queries = self._model.predict_on_batch({"history": history, "visible": seen})[:, 0]
        return {self._name: queries @ self._items.T}
