"""Items whose texts mean the same as those of the history."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.last_items import NONE, last_items
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.text_encoder import TextEncoder, encode_texts

CACHE_FOLDER = Path.home() / ".cache" / "shoprank" / "quality-texts"


@dataclass(frozen=True)
class TextSimilaritySource(Source):
    """Cosines of text vectors (Reimers and Gurevych 2019, section 3) of the bundled MiniLM.

    With v_i the unit vector of item i's text, the score of item i is the sum over the positions p of the history of
    weight(p) v_p . v_i; with `last_only`, that of the latest position alone, with weight 1.

    Attributes:
        name: Name of the score.
        decay: Weight of a position relative to the next one, where `days` is None; 1 weights all alike.
        days: Age in days at which a position counts 1/e.
        last_only: Whether the latest position alone counts.
        characters: Characters of a text that are read.
        tokens: Tokens of a text that are read.

    Raises:
        ValueError: `decay` or `days` is out of range.
    """

    name: str = "text"
    decay: float = 0.7
    days: float | None = None
    last_only: bool = False
    characters: int = 600
    tokens: int = 96

    def __post_init__(self) -> None:
        """Check the numbers."""
        Recency(self.days, self.decay)

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Encode the texts.

        Raises:
            ValueError: The shop has no texts.
        """
        del seed
        vectors = _vectors(past.shop, self.characters, self.tokens)
        recency = None if self.last_only else Recency(self.days, self.decay)
        return _TextSimilarity(self.name, vectors, recency)


@dataclass(frozen=True, eq=False)
class _TextSimilarity(FittedSource):
    name: str
    vectors: NDArray[np.float32]
    recency: Recency | None

    def scores(self, cases: EvaluationCases) -> Columns:
        # By way of the vectors of the histories: the cosines of all pairs of items are never made.
        return {self.name: self._wanted(cases) @ self.vectors.T}

    def _wanted(self, cases: EvaluationCases) -> NDArray[np.float32]:
        """The vector of each history, that of the latest item if there is no recency; float32 [C, D]."""
        if self.recency is not None:
            wanted: NDArray[np.float32] = history_matrix(cases, self.recency) @ self.vectors
            return wanted
        last = last_items(cases)
        return np.where((last == NONE)[:, np.newaxis], np.float32(0), self.vectors[last])


# The pasts of one shop share its texts: the encoder is loaded once for all of them.
@lru_cache(maxsize=1)
def _vectors(shop: Shop, characters: int, tokens: int) -> NDArray[np.float32]:
    """Unit vectors of the texts of a shop; float32 [V, D]."""
    if shop.texts is None:
        raise ValueError("texts of the shop are None, expected the text of each item")
    encoder = TextEncoder.load(None, tokens)
    return encode_texts(encoder, [text[:characters] for text in shop.texts], CACHE_FOLDER)
