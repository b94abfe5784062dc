"""The candidates of a request: own history, neighbours of its items, words of the query, the index, what is popular."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from trainer.history_runs import HistoryRuns
from trainer.index.exact import HIDDEN, ExactIndex
from trainer.neighbour_scores import NeighbourScores
from trainer.query_side import QuerySide, decays, neighbour_weights

SOURCES = ("history", "neighbours", "lexical", "ann", "popular")
"""Where a candidate came from; the first that names an item keeps it."""

_HISTORY_TAU = 64.0
_POPULARITY_FLOOR = 0.3
_POPULAR_HEAD = 1024
"""Most popular items that are looked at first."""


class Candidates(NamedTuple):
    """N candidate slots for each of B requests.

    Attributes:
        rows: Catalogue rows, int32 [B, N]; anything where not valid.
        valid: Whether the slot holds a candidate that no earlier slot holds, bool [B, N].
        sources: Index into `SOURCES`, int32 [B, N].
    """

    rows: tf.Tensor
    valid: tf.Tensor
    sources: tf.Tensor


@dataclass(frozen=True)
class CandidateCounts:
    """How many candidates each source may bring."""

    retrieved: int
    from_history: int
    neighbours: int
    lexical: int
    popular: int


class CandidateUnion(tf.Module):
    """Asks every source, hides what is not allowed, and removes duplicates."""

    def __init__(
        self,
        index: ExactIndex,
        neighbours: NeighbourScores,
        popularity: np.ndarray,
        counts: CandidateCounts,
        text_share: float,
    ) -> None:
        """Take the sources.

        Args:
            index: Index over the V rows of the item store, the unknown item among them.
            neighbours: Scores of the items by what the history says about them.
            popularity: Log of the recent popularity, float32 [V].
            counts: Candidates of each source.
            text_share: Squared share of the text in a query vector that has one.
        """
        super().__init__(name="candidate_union")
        self.index = index
        self.neighbours = neighbours
        known = np.asarray(popularity, np.float32)
        order = np.argsort(-known, kind="stable").astype(np.int32)
        self._by_popularity = tf.Variable(order, trainable=False, name="by_popularity")
        share = np.exp(known[neighbours.items.numpy()] - known[:-1].max(initial=-np.inf))
        factors = (_POPULARITY_FLOOR + np.sqrt(share)).astype(np.float32)
        self._neighbour_factors = tf.Variable(factors, trainable=False, name="neighbour_factors")
        self.counts, self.text_share = counts, text_share

    def collect(self, query: QuerySide, allowed: tf.Tensor) -> Candidates:
        """The candidates of each request.

        Args:
            query: The requests.
            allowed: Which items may be shown, bool [B, V].
        """
        parts = [
            self._from_history(query, allowed),
            self._neighbours(query, allowed),
            self._lexical(query, allowed),
            self._nearest(query, allowed),
            self._popular(allowed),
        ]
        rows = tf.concat([part[0] for part in parts], axis=1)
        scores = tf.concat([part[1] for part in parts], axis=1)
        sources = tf.concat([tf.fill(tf.shape(part[0]), number) for number, part in enumerate(parts)], axis=1)
        valid = scores > HIDDEN / 2
        found = Candidates(rows, valid & ~_seen_before(rows, valid), sources)
        order = _steady_order([tf.shape(part[0])[1] for part in parts])
        return Candidates(*(tf.gather(values, order, axis=1) for values in found))

    def _from_history(self, query: QuerySide, allowed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Items of the history by decayed count, each at its latest event; rows and scores [B, n]."""
        known = query.history >= 0
        runs = HistoryRuns.of(query.history)
        score = runs.of_events(runs.sums(decays(query.steps, (_HISTORY_TAU,))))[:, :, 0]
        length = tf.shape(query.history)[1]
        places = tf.broadcast_to(tf.range(length), tf.shape(query.history))
        latest = runs.of_events(runs.largest(places[:, :, tf.newaxis]))[:, :, 0]
        rows = tf.where(known, query.history, 0)
        shown = known & (places == latest) & tf.gather(allowed, rows, batch_dims=1)
        best, positions = tf.math.top_k(tf.where(shown, score, HIDDEN), tf.minimum(self.counts.from_history, length))
        return tf.gather(rows, positions, batch_dims=1), best

    def _neighbours(self, query: QuerySide, allowed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Items that the history speaks for, times .3 + sqrt(recent popularity relative to the largest)."""
        _, by_days = neighbour_weights(query)
        known = self.neighbours.items
        scores = self.neighbours.known(query.history, by_days) * self._neighbour_factors
        scores = tf.where(tf.gather(allowed, known, axis=1) & (scores > 0), scores, HIDDEN)
        best, places = tf.math.top_k(scores, tf.minimum(self.counts.neighbours, self.neighbours.count))
        return tf.gather(known, places), best

    def _lexical(self, query: QuerySide, allowed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Items that have words of the query, the best of the search first; no slot where no request has a query."""
        requests, items = tf.unstack(tf.shape(query.search))

        def found() -> tuple[tf.Tensor, tf.Tensor]:
            scores = tf.where(allowed & (query.lexical > 0), query.search, HIDDEN)
            best, rows = tf.math.top_k(scores, tf.minimum(self.counts.lexical, items))
            return rows, best

        def nothing() -> tuple[tf.Tensor, tf.Tensor]:
            return tf.zeros([requests, 0], tf.int32), tf.zeros([requests, 0])

        return tf.cond(query.any_query, found, nothing)

    def _nearest(self, query: QuerySide, allowed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Items whose vectors are nearest to that of the request."""
        preference, _ = query.blocks(self.text_share)
        # The cosines are there already: the vectors of a large catalogue are not read twice.
        by_text = tf.cond(query.any_query, lambda: self.text_share**0.5 * query.cosines, lambda: query.cosines)
        return self.index.search(preference, by_text, allowed, self.counts.retrieved)

    def _popular(self, allowed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The first allowed items of the order of popularity."""
        items = self._by_popularity.shape[0]
        wanted = min(self.counts.popular, items)
        head = min(max(_POPULAR_HEAD, wanted), items)

        def first_allowed(length: int) -> tuple[tf.Tensor, tf.Tensor]:
            order = self._by_popularity[:length]
            # By place and not by popularity: equal ones keep the order of the catalogue.
            to_end = tf.where(tf.gather(allowed, order, axis=1), tf.range(length, 0, -1), 0)
            best, places = tf.math.top_k(to_end, wanted)
            return tf.gather(order, places), tf.where(best > 0, 0.0, HIDDEN)

        if head == items:
            return first_allowed(items)
        # Only filters that leave little of the catalogue make it necessary to look at all of it.
        enough = tf.reduce_all(_count(tf.gather(allowed, self._by_popularity[:head], axis=1)) >= wanted)
        return tf.cond(enough, lambda: first_allowed(head), lambda: first_allowed(items))


def _count(values: tf.Tensor) -> tf.Tensor:
    """True values of each row, int32 [B]."""
    return tf.reduce_sum(tf.cast(values, tf.int32), axis=1)


def _steady_order(widths: list[tf.Tensor]) -> tf.Tensor:
    """The columns with those of the words of a query at the end, int32 [N].

    They are there only if some request of the batch has a query. What a policy draws goes by column: another request
    must not have its columns elsewhere for that.
    """
    columns = tf.split(tf.range(tf.reduce_sum(widths)), tf.stack(widths))
    lexical = columns.pop(SOURCES.index("lexical"))
    return tf.concat([*columns, lexical], axis=0)


def _seen_before(rows: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """Whether an earlier valid slot of the same request holds the same row; bool [B, N]."""
    requests, columns = tf.unstack(tf.shape(rows, tf.int64))
    slots = tf.range(requests * columns)
    # A cell for each row of each request; a slot that is not valid is like no other.
    cells = tf.reshape(tf.cast(rows, tf.int64) * requests + tf.range(requests)[:, tf.newaxis], [-1])
    cells, of_slot = tf.unique(tf.where(tf.reshape(valid, [-1]), cells, -1 - slots), out_idx=tf.int64)
    first = tf.math.unsorted_segment_min(slots, of_slot, tf.size(cells, tf.int64))
    return tf.reshape(tf.gather(first, of_slot) < slots, tf.shape(rows))
