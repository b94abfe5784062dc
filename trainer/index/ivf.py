"""Approximate maximum inner product search by inverted lists (IVF), in core TensorFlow ops."""

from typing import NamedTuple

import tensorflow as tf

from trainer.index.allowed_rows import few_allowed, padded, search_allowed_rows
from trainer.index.exact import HIDDEN, ExactIndex, answer_width, hidden_beyond, where_text
from trainer.index.inverted_lists import InvertedLists
from trainer.index.list_vectors import ListVectors
from trainer.index.search_plan import SearchPlan
from trainer.quantisation.vector_tables import rows_of

_HEADROOM = 1.25
_MASK_SAMPLE = 512


class _Found(NamedTuple):
    """Rows int32 [..., K], scores float32 [..., K], and whether they may be the answer, bool [...]."""

    rows: tf.Tensor
    scores: tf.Tensor
    good: tf.Tensor


class IvfIndex(ExactIndex):
    """Scores the items of the lists whose centroids are nearest to the query.

    The lists are over preference vectors, and answer queries without a text. A query with a text is answered exactly:
    its words are compared with all items anyway, and lists over both blocks are of no use to a query that has only one
    of them.

    A search does not lose items to what is not allowed. It reads more lists the fewer items are allowed at large, and
    then looks where the last item of the answer stands among all items that were read. If that is deeper than what the
    lists were read for, or if the lists hold too few allowed items, the query is answered exactly.
    """

    def __init__(self, exact: ExactIndex, lists: InvertedLists, vectors: ListVectors, plan: SearchPlan) -> None:
        """Take the parts.

        Args:
            exact: The index over the same items; its vectors are shared, not copied.
            lists: Lists of its preference vectors.
            vectors: The preference vectors in the order of the lists.
            plan: What a search reads.
        """
        super().__init__(exact.preferences, exact.texts, name="ivf_index")
        self.vectors, self.plan = vectors, plan
        self._centroids = tf.Variable(lists.centroids, trainable=False, name="centroids")
        self._offsets = tf.Variable(lists.offsets, trainable=False, name="offsets")
        self._rows = tf.Variable(lists.rows, trainable=False, name="rows")

    @property
    def list_count(self) -> int:
        """Number of lists."""
        return int(self._centroids.shape[0])

    def search(
        self, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best allowed items of each query; arguments and answer are those of `ExactIndex.search`.

        What a request gets does not depend on the others of its batch.
        """
        queries, items = tf.unstack(tf.shape(allowed))
        width = answer_width(k, items)
        wanted = tf.broadcast_to(tf.clip_by_value(k, 0, items), [queries])
        found = self._search_lists(preference, allowed, wanted, _has_text(by_text), width)

        def with_rest() -> tuple[tf.Tensor, tf.Tensor]:
            rest = tf.where(~found.good)
            some, texts, shown = (tf.gather(values, rest[:, 0]) for values in (preference, by_text, allowed))
            rows, scores = self._search_exactly(some, texts, shown, width)
            return (
                tf.tensor_scatter_nd_update(found.rows, rest, rows),
                tf.tensor_scatter_nd_update(found.scores, rest, scores),
            )

        rows, scores = tf.cond(tf.reduce_all(found.good), lambda: (found.rows, found.scores), with_rest)
        return rows, hidden_beyond(scores, k)

    def _search_exactly(
        self, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, width: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        exactly = super().search
        return tf.cond(
            few_allowed(allowed),
            lambda: search_allowed_rows(self, preference, by_text, allowed, width),
            lambda: exactly(preference, by_text, allowed, width),
        )

    def _search_lists(
        self, preference: tf.Tensor, allowed: tf.Tensor, wanted: tf.Tensor, has_text: tf.Tensor, width: tf.Tensor
    ) -> _Found:
        """What the lists hold for each query; nothing good for those that they are not for."""
        inputs = (preference, allowed, wanted, has_text)

        def one(inputs: tuple[tf.Tensor, ...]) -> _Found:
            query, shown, k, text = inputs
            rung = self._rung(shown, k)
            nothing = _Found(*padded(tf.zeros([0], tf.int32), tf.zeros([0]), width), tf.equal(k, 0))
            readable = ~text & (rung < len(self.plan.depths)) & (k > 0)
            return _Found(*tf.cond(readable, lambda: self._read(query, shown, k, rung, width), lambda: nothing))

        def single() -> _Found:
            return _Found(
                *(tf.expand_dims(values, 0) for values in one(tuple(tf.squeeze(values, 0) for values in inputs)))
            )

        def each() -> _Found:
            return tf.map_fn(one, inputs, fn_output_signature=_Found(tf.int32, tf.float32, tf.bool))

        requests = preference.shape[0]
        # A graph of a known batch would refuse the branch that it never takes.
        if requests is not None:
            return single() if requests == 1 else each()
        return _Found(*tf.cond(tf.equal(tf.shape(preference)[0], 1), single, each))

    def _rung(self, allowed: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
        """Number of the depth of the plan that holds k allowed items if these are spread evenly, int32 []."""
        items = tf.size(allowed, tf.int64)
        sample = tf.range(_MASK_SAMPLE, dtype=tf.int64) * items // _MASK_SAMPLE
        share = tf.reduce_mean(tf.cast(tf.gather(allowed, sample), tf.float32))
        depth = tf.cast(k, tf.float32) * _HEADROOM / tf.maximum(share, 1.0 / _MASK_SAMPLE)
        return tf.reduce_sum(tf.cast(depth > tf.constant(self.plan.depths, tf.float32), tf.int32))

    def _read(self, query: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor, rung: tf.Tensor, width: tf.Tensor) -> _Found:
        """The best of the lists that a depth needs."""
        depth, probes = (tf.gather(tf.constant(part, tf.int32), rung) for part in (self.plan.depths, self.plan.probes))
        rows, read = self._scored_slots(query, probes)
        shown = (rows >= 0) & tf.gather(allowed, tf.maximum(rows, 0))
        kept = tf.minimum(k if self.vectors.exact else k * self.plan.rescored, tf.size(rows))
        best, places = tf.math.top_k(tf.where(shown, read, HIDDEN), kept)
        last = tf.gather(tf.concat([best, [HIDDEN]], axis=0), tf.clip_by_value(k - 1, 0, kept))
        place_of_last = tf.math.count_nonzero((rows >= 0) & (read > last), dtype=tf.int32) + 1
        good = (k <= kept) & (last > HIDDEN / 2) & (place_of_last <= depth)
        rows = tf.gather(rows, places)
        if not self.vectors.exact:
            again = tf.linalg.matvec(rows_of(self.preferences, tf.maximum(rows, 0)), query)
            best, places = tf.math.top_k(tf.where(best > HIDDEN / 2, again, HIDDEN), tf.minimum(k, kept))
            rows = tf.gather(rows, places)
        return _Found(*padded(rows, best * tf.constant(0.5**0.5), width), good)

    def _scored_slots(self, query: tf.Tensor, probes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rows and scores of all slots of the nearest lists, int32 and float32 [M]."""
        by_centroid, lists = tf.math.top_k(tf.linalg.matvec(self._centroids, query), probes)
        blocks = tf.ragged.range(tf.gather(self._offsets, lists), tf.gather(self._offsets, lists + 1))
        of_blocks = tf.repeat(by_centroid, blocks.row_lengths())
        rows = tf.reshape(tf.gather(self._rows, blocks.flat_values), [-1])
        return rows, self.vectors.scores(query, blocks.flat_values, of_blocks)


def _has_text(by_text: tf.Tensor) -> tf.Tensor:
    """Which queries have a text, bool [B]."""
    return where_text(
        by_text,
        lambda: tf.reduce_any(tf.not_equal(by_text, 0.0), axis=1),
        lambda: tf.zeros(tf.shape(by_text)[:1], tf.bool),
    )
