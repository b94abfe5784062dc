"""The text vectors of a catalogue: encoded once, reduced, and kept in a folder of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.catalogue import Catalogue
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE, WORDS
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_reducer import TextReducer

_REDUCER, _VECTORS = "reducer.npz", "vectors.npy"
FUSION_FILE = "fusion.json"
PLAIN_FUSION = SearchFusion.equal(WORDS, DENSE)
"""For a shop without queries to choose by."""


def text_vectors(
    texts: Sequence[str],
    encoder: TextEncoder,
    reducer: TextReducer,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Encode texts with a reducer that is there already.

    Args:
        texts: N texts.
        encoder: The text encoder.
        reducer: The map of its vectors.
        cache: Folder for encoder vectors by content, shared by runs.
        progress: Called with the texts done and all texts.

    Returns:
        Unit vectors, zeros for '', float32 [N, T].
    """
    vectors = reducer.reduce(encode_texts(encoder, texts, cache, progress)).numpy()
    return vectors * (np.array(texts, dtype=object) != "")[:, np.newaxis]


@dataclass(frozen=True)
class ItemTexts:
    """Text vectors of the items, and the map that made them short.

    Attributes:
        vectors: Unit vectors, zeros for an item without text and for the unknown item, float32 [V + 1, T].
        reducer: The map from encoder vectors to these.
        fusion: How words and meaning become one search score.
    """

    vectors: np.ndarray
    reducer: TextReducer
    fusion: SearchFusion = PLAIN_FUSION

    @classmethod
    def encode(
        cls,
        catalogue: Catalogue,
        encoder: TextEncoder,
        dimension: int,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> "ItemTexts":
        """Encode each distinct text of a catalogue once.

        Args:
            catalogue: The items.
            encoder: The text encoder.
            dimension: Length of the reduced vectors, T.
            cache: Folder for encoder vectors by content, shared by runs.
            progress: Called with the texts done and all texts.
        """
        distinct, of_item = np.unique(catalogue.texts.astype(str), return_inverse=True)
        full = encode_texts(encoder, distinct.tolist(), cache, progress)
        reducer = TextReducer.fit(full, dimension)
        reduced = reducer.reduce(full).numpy() * (distinct != "")[:, np.newaxis]
        return cls(np.append(reduced[of_item], np.zeros((1, reducer.dimension)), axis=0).astype(np.float32), reducer)

    def save(self, folder: Path) -> None:
        """Write into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / _VECTORS, self.vectors)
        self.reducer.save(folder / _REDUCER)
        self.fusion.save(folder / FUSION_FILE)

    @classmethod
    def load(cls, folder: Path) -> "ItemTexts":
        """Read what `save` wrote."""
        return cls(
            np.load(folder / _VECTORS), TextReducer.load(folder / _REDUCER), SearchFusion.load(folder / FUSION_FILE)
        )
