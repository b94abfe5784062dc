"""What searches are made of: lexical indexes, and an encoder that learned from queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from tfx_pipeline.benchmarks.text.search_settings import IndexSettings, SearchSettings

if TYPE_CHECKING:
    from trainer.lexical.lexical_index import LexicalIndex
    from trainer.text_encoder import TextEncoder


def lexical_indexes(documents: Sequence[str], indexes: Mapping[str, IndexSettings]) -> dict[str, LexicalIndex]:
    """The lexical indexes by the names of their sources."""
    from trainer.lexical.lexical_index import LexicalIndex

    return {
        source: LexicalIndex(_beginnings(documents, index.first_words), index.k1, index.b, kind=index.kind)
        for source, index in indexes.items()
    }


def trained_encoder(
    documents: Sequence[str],
    queries: Sequence[str],
    answers: np.ndarray,
    settings: SearchSettings,
    seed: int,
    checkpoint: Path | None = None,
) -> TextEncoder:
    """An encoder after its fine-tuning on queries; none is held out.

    Args:
        documents: V texts.
        queries: Q texts.
        answers: Row of the document that answers each, int64 [Q].
        settings: The training.
        seed: Of all draws.
        checkpoint: The Hugging Face folder to start from; None takes the bundled MiniLM.
    """
    from trainer.text_encoder import TextEncoder
    from trainer.text_training.search_pairs import SearchPairs
    from trainer.text_training.search_settings import SearchTrainingSettings
    from trainer.text_training.search_training import train_search

    encoder = TextEncoder.load(checkpoint, settings.max_tokens, mode="full", precision="mixed_bfloat16")
    training = SearchTrainingSettings.from_dict({**settings.training, "seed": seed})
    train_search(encoder, documents, SearchPairs.of(queries, answers), training, SearchPairs.of([], []))
    with TemporaryDirectory() as folder:
        encoder.save_folder(Path(folder))
        # What searches, searches in float32.
        return TextEncoder.load(Path(folder), settings.max_tokens)


def _beginnings(documents: Sequence[str], words: int | None) -> Sequence[str]:
    from trainer.lexical.words import words as words_of

    return documents if words is None else [" ".join(words_of(text)[:words]) for text in documents]
