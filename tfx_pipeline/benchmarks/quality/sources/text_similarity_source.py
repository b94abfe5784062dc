"""Items whose texts mean the same as those of the history."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.weighted_history import weighted_history
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.text_encoder import TextEncoder, encode_texts

CACHE_FOLDER = Path.home() / ".cache" / "shoprank" / "quality-texts"


@dataclass(frozen=True)
class TextSimilaritySource(Source):
    """Cosines of text vectors (Reimers and Gurevych 2019, section 3) of the bundled MiniLM.

    With v_i the unit vector of item i's text, the score of item i is the sum over the positions p of the history of
    decay ** positions since * v_p . v_i.

    Attributes:
        decays: Name of a score -> its decay; with 0, the last item alone counts.
        characters: Characters of a text that are read.
        tokens: Tokens of a text that are read.
    """

    decays: dict[str, float]
    characters: int = 600
    tokens: int = 96

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Encode the texts.

        Raises:
            ValueError: The shop has no texts.
        """
        del seed
        return _TextSimilarity(self.decays, _vectors(past.shop, self.characters, self.tokens))


@dataclass(frozen=True, eq=False)
class _TextSimilarity(FittedSource):
    decays: dict[str, float]
    vectors: NDArray[np.float32]

    def scores(self, cases: EvaluationCases) -> Columns:
        histories = {name: weighted_history(cases, decay) for name, decay in self.decays.items()}
        return {name: (history @ self.vectors) @ self.vectors.T for name, history in histories.items()}


# The pasts of one shop share its texts: the encoder is loaded once for all of them.
@lru_cache(maxsize=1)
def _vectors(shop: Shop, characters: int, tokens: int) -> NDArray[np.float32]:
    """Unit vectors of the texts of a shop; float32 [V, D]."""
    if shop.texts is None:
        raise ValueError("texts of the shop are None, expected the text of each item")
    encoder = TextEncoder.load(None, tokens)
    return encode_texts(encoder, [text[:characters] for text in shop.texts], CACHE_FOLDER)
