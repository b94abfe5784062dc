"""From rows of users and histories to candidates and their features: what mining and serving share."""

import numpy as np
import tensorflow as tf

from trainer.candidates import CandidateCounts, CandidateUnion
from trainer.cross_features import CrossFeatures
from trainer.index.building import IndexSettings, build_index
from trainer.index.user_queries import user_queries
from trainer.item_filters import Filters, ItemFilters
from trainer.item_store import ItemStore
from trainer.neighbour_scores import NeighbourScores
from trainer.quantisation.export_settings import Precision
from trainer.quantisation.item_vectors import item_vector_tables
from trainer.query_encoder import QueryEncoder
from trainer.retrieval_package import RetrievalPackage
from trainer.search_index import SearchIndex


class RetrievalGraph(tf.Module):
    """Item store, query encoder, both indexes, candidate union and cross features over one retrieval package.

    The same graph runs when candidates are mined and when requests are served, so the two cannot differ.
    """

    def __init__(
        self,
        package: RetrievalPackage,
        at_training_end: bool,
        counts: CandidateCounts,
        text_share: float,
        objective_types: dict[str, list[int]],
        event_type_count: int,
        search: SearchIndex | None = None,
        index: IndexSettings | None = None,
        precision: Precision = "float32",
    ) -> None:
        """Build the parts.

        Args:
            package: Towers and stores.
            at_training_end: Whether statistics and neighbours are those of the whole training window, or of the
                ranker's start.
            counts: Candidates of each source.
            text_share: Squared share of the text in a query vector that has one.
            objective_types: Rows of the event types of each objective.
            event_type_count: Rows of the event type vocabulary, the unknown one included.
            search: The index of another graph of this package, which need not be built again.
            index: What the index over vectors should be like; None for the exact one.
            precision: How the vectors of items are kept.
        """
        super().__init__(name="retrieval_graph")
        statistics, neighbours = package.counted(at_training_end)
        scores = NeighbourScores(neighbours)
        tables = item_vector_tables(package, precision)
        self.encoder = QueryEncoder(package.towers, tables.of_towers)
        self.store = ItemStore(package.catalogue, tables.preferences, tables.texts, statistics)
        self.index, self.index_report = build_index(
            self.store.preferences,
            self.store.texts,
            lambda: user_queries(self.encoder, package.users),
            index or IndexSettings("exact"),
        )
        if search is None:
            documents = [*package.catalogue.texts, ""]
            search = SearchIndex(documents, self.store.texts, package.fusion, package.term_kinds)
        self.search = search
        self.lexical = self.search.words
        self.candidates = CandidateUnion(self.index, scores, statistics.log_recent_share, counts, text_share)
        membership = [
            [1.0 if row in rows else 0.0 for rows in objective_types.values()] for row in range(event_type_count)
        ]
        self.features = CrossFeatures(self.store, scores, membership, tuple(objective_types))
        self.text_share = text_share
        shown = np.ones(self.store.item_count + 1, bool)
        shown[package.catalogue.hidden] = shown[-1] = False
        self.shown = tf.Variable(shown, trainable=False, name="shown")
        self.filters = ItemFilters(package.catalogue)

    def allowed(self, excluded: tf.Tensor, filters: Filters) -> tf.Tensor:
        """Those of `allowed_without` that pass the filters of B requests; bool [B, V + 1]."""
        return self.filters.restrict(self.allowed_without(excluded), filters)

    def allowed_without(self, excluded: tf.Tensor) -> tf.Tensor:
        """Which items may be shown: all of the catalogue but hidden and excluded ones, and never the unknown item.

        Args:
            excluded: Catalogue rows, int32 [B, X]; -1 pads.

        Returns:
            bool [B, V + 1].
        """
        items = self.store.item_count
        requests, columns = tf.unstack(tf.shape(excluded))
        allowed = tf.repeat(self.shown[tf.newaxis, :], requests, axis=0)
        # Padding hides the unknown item, which is hidden anyway.
        flat = tf.reshape(tf.where(excluded < 0, items, excluded), [-1])
        index = tf.stack([tf.repeat(tf.range(requests), columns), flat], axis=1)
        return tf.tensor_scatter_nd_update(allowed, index, tf.zeros_like(flat, tf.bool))


def event_type_rows(objectives: dict[str, list[str]], vocabulary: list[str]) -> dict[str, list[int]]:
    """Rows of the event types of each objective; a type that the data never has is left out."""
    row_of = {name: row for row, name in enumerate(vocabulary)}
    return {name: [row_of[kind] for kind in kinds if kind in row_of] for name, kinds in objectives.items()}
