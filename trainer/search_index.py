"""What a query says of every item: by its words, and by words and meaning together."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.terms import TermKind
from trainer.quantisation.vector_tables import VectorTable, inner_products
from trainer.search_fusion import SearchFusion

WORDS: TermKind = "words"
DENSE = "dense"
"""Source of a fusion: cosines of text vectors. The others are kinds of terms."""


class SearchScores(NamedTuple):
    """Scores of R rows for B queries, zeros for a query without text; float32 [B, R] each.

    Attributes:
        lexical: BM25 of the words.
        cosines: Of the text vectors.
        search: All sources as one.
    """

    lexical: tf.Tensor
    cosines: tf.Tensor
    search: tf.Tensor


class SearchIndex(tf.Module):
    """Lexical indexes and text vectors under one fusion, in the SavedModel."""

    def __init__(
        self, documents: Sequence[str], texts: VectorTable, fusion: SearchFusion, kinds: Sequence[TermKind]
    ) -> None:
        """Build the indexes.

        Args:
            documents: Texts of the R rows.
            texts: Unit text vectors of the rows, float32 [R, T]; shared, not copied.
            fusion: How the sources become one; all that it names are `DENSE` or in `kinds`.
            kinds: What lexical indexes are over, `WORDS` among them.
        """
        super().__init__(name="search_index")
        self.indexes = {kind: LexicalIndex(documents, kind=kind) for kind in kinds}
        self._texts, self._fusion = texts, fusion

    @property
    def words(self) -> LexicalIndex:
        """The index over words."""
        return self.indexes[WORDS]

    def scores(self, queries: tf.Tensor, vectors: tf.Tensor) -> SearchScores:
        """Score all rows; where no query of the batch has a text, nothing is looked up and no row is scored, [B, 0].

        Args:
            queries: string [B], '' for none.
            vectors: Their unit text vectors, zeros for none, float32 [B, T].
        """
        nothing = tf.zeros(tf.stack([tf.size(queries), 0]))
        asked = tf.not_equal(tf.strings.strip(queries), "")
        return tf.cond(
            tf.reduce_any(asked),
            lambda: self._scored(queries, vectors, asked),
            lambda: SearchScores(nothing, nothing, nothing),
        )

    def _scored(self, queries: tf.Tensor, vectors: tf.Tensor, asked: tf.Tensor) -> SearchScores:
        sources: dict[str, tf.Tensor] = {kind: index.scores(queries) for kind, index in self.indexes.items()}
        lexical, cosines = sources[WORDS], inner_products(vectors, self._texts)
        search = tf.where(asked[:, tf.newaxis], self._fusion.score({**sources, DENSE: cosines}), 0.0)
        return SearchScores(lexical, cosines, search)
