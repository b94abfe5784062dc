"""The one SavedModel: retrieve, rank and explore behind the signatures of the design, on raw strings."""

from typing import NamedTuple

import tensorflow as tf

from trainer import features
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.slate import with_constant
from trainer.candidates import SOURCES, Candidates
from trainer.explanations import Explainer
from trainer.index.exact import HIDDEN
from trainer.query_side import QuerySide
from trainer.ranker import Ranker
from trainer.raw_inputs import RawInputs
from trainer.reranking import Reranker
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_graph import RetrievalGraph


class Scored(NamedTuple):
    """What the ranker says of candidates.

    Attributes:
        probabilities: One a objective, float32 [B, N, O].
        utility: Weighted sum of them, float32 [B, N].
        last_layer: What the bandit posterior is over, float32 [B, N, W].
    """

    probabilities: tf.Tensor
    utility: tf.Tensor
    last_layer: tf.Tensor


_STRINGS = tf.TensorSpec([None], tf.string)
_STRING_LISTS = tf.TensorSpec([None, None], tf.string)
USER_SIDE = {
    "user_id": _STRINGS,
    "history_item_ids": _STRING_LISTS,
    "history_event_types": _STRING_LISTS,
    "history_ages": tf.TensorSpec([None, None], tf.float32),
    "query": _STRINGS,
}
K = {"k": tf.TensorSpec([None], tf.int32)}
INPUTS = {
    "recommend": {
        **USER_SIDE,
        "exclude_item_ids": _STRING_LISTS,
        **K,
        "policy": _STRINGS,
        "seed": tf.TensorSpec([None], tf.int64),
    },
    "rank": {**USER_SIDE, "candidate_item_ids": _STRING_LISTS},
    "explain": {**USER_SIDE, "candidate_item_ids": _STRING_LISTS},
    "retrieve": {**USER_SIDE, **K},
    "similar_items": {"item_id": _STRINGS, "title": _STRINGS, "description": _STRINGS, **K},
    "embed_query": USER_SIDE,
    "embed_item": {
        "item_id": _STRINGS,
        "title": _STRINGS,
        "description": _STRINGS,
        "category": _STRINGS,
        "price": tf.TensorSpec([None], tf.float32),
    },
    "serving_default": {"examples": _STRINGS},
}
"""Inputs of each signature; every one has a leading batch dimension."""


class Servable(tf.Module):
    """The signatures over one graph of core TensorFlow and TF-Text ops."""

    def __init__(
        self,
        raw: RawInputs,
        retrieval: RetrievalGraph,
        towers: TwoTowerModel,
        ranker: Ranker,
        reranker: Reranker | None,
        exploration: ExplorationHead,
        item_ids: list[str],
        objective_weights: dict[str, float],
        version: str,
    ) -> None:
        """Take the parts.

        Args:
            raw: Strings to rows.
            retrieval: Index, candidates and features at the end of the training window.
            towers: The two-tower model, for items outside the catalogue.
            ranker: The trained ranker.
            reranker: The last stage of a search; None for none.
            exploration: The bandit head.
            item_ids: The shop's ids by catalogue row.
            objective_weights: Weight of each objective in the utility, in the ranker's order.
            version: What `model_version` answers.
        """
        super().__init__(name="shoprank")
        self.raw, self.retrieval, self.exploration = raw, retrieval, exploration
        self._towers, self._ranker, self.reranker = towers, ranker, reranker
        self.variables_of_ranker = [weight.value for weight in ranker.weights]
        self.item_ids = tf.Variable([*item_ids, ""], trainable=False, name="item_ids")
        self.explainer = Explainer(retrieval, lambda features: self._scored(features).utility, self.item_ids)
        self.objectives = list(objective_weights)
        self._weights = tf.constant(list(objective_weights.values()), tf.float32)
        self.version = version

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """A function for each signature, to be given to `tf.saved_model.save`."""
        return {name: tf.function(getattr(self, f"_{name}")).get_concrete_function(**_named(name)) for name in INPUTS}

    def _recommend(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
        exclude_item_ids: tf.Tensor,
        k: tf.Tensor,
        policy: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        asked = self.raw.query_side(user_id, history_item_ids, history_event_types, history_ages, query)
        allowed = self.retrieval.allowed_without(self.raw.item_rows(exclude_item_ids))
        candidates = self.retrieval.candidates.collect(asked, allowed)
        scored = self._score(asked, candidates.rows)
        utility = self._reranked(query, candidates, scored.utility)
        # What no candidate can fill is not even laid out: a single k of a billion would end the server.
        width = tf.minimum(_width(k), tf.shape(candidates.rows)[1])
        slate = self.exploration.choose(
            policy, utility, with_constant(scored.last_layer), candidates.valid, width, seed
        )
        filled = (slate.indices >= 0) & _within(k, width)
        position = tf.maximum(slate.indices, 0)
        rows = tf.gather(candidates.rows, position, batch_dims=1)
        sources = tf.gather(tf.constant(SOURCES), tf.gather(candidates.sources, position, batch_dims=1))
        return {
            "item_ids": tf.where(filled, tf.gather(self.item_ids, rows), ""),
            "scores": tf.where(filled, slate.scores, 0.0),
            "propensities": tf.where(filled, slate.propensities, 0.0),
            "sources": tf.where(filled, sources, ""),
            "request_id": request_ids(tf.size(user_id)),
            "model_version": tf.fill(tf.shape(user_id), self.version),
        }

    def _rank(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
        candidate_item_ids: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        asked = self.raw.query_side(user_id, history_item_ids, history_event_types, history_ages, query)
        rows = self.raw.item_rows(candidate_item_ids)
        scored = self._score(asked, self._known_row(rows))
        given = tf.cast(rows >= 0, tf.float32)
        outputs = {name: scored.probabilities[:, :, number] * given for number, name in enumerate(self.objectives)}
        return {**outputs, "utility": scored.utility * given}

    def _explain(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
        candidate_item_ids: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        asked = self.raw.query_side(user_id, history_item_ids, history_event_types, history_ages, query)
        return self.explainer.explain(asked, query, self.raw.item_rows(candidate_item_ids))

    def _retrieve(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
        k: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        asked = self.raw.query_side(user_id, history_item_ids, history_event_types, history_ages, query)
        nothing = tf.zeros([tf.size(user_id), 0], tf.int32)
        return self._search(*asked.blocks(self.retrieval.text_share), k, exclude=nothing)

    def _similar_items(
        self, item_id: tf.Tensor, title: tf.Tensor, description: tf.Tensor, k: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        unknown = tf.fill(tf.shape(item_id), float("nan"))
        preference, text = self._item_blocks(item_id, title, description, tf.fill(tf.shape(item_id), ""), unknown)
        return self._search(preference, text, k, exclude=self.raw.item_rows(item_id[:, tf.newaxis]))

    def _embed_query(
        self,
        user_id: tf.Tensor,
        history_item_ids: tf.Tensor,
        history_event_types: tf.Tensor,
        history_ages: tf.Tensor,
        query: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        asked = self.raw.query_side(user_id, history_item_ids, history_event_types, history_ages, query)
        return {"vectors": tf.concat(asked.blocks(self.retrieval.text_share), axis=1)}

    def _embed_item(
        self, item_id: tf.Tensor, title: tf.Tensor, description: tf.Tensor, category: tf.Tensor, price: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        blocks = tf.concat(self._item_blocks(item_id, title, description, category, price), axis=1)
        return {"vectors": tf.math.l2_normalize(blocks, axis=1)}

    def _serving_default(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        single = tf.io.FixedLenFeature([], tf.string, default_value="")
        history = tf.io.RaggedFeature(tf.string, row_splits_dtype=tf.int64)
        names = (features.USER_ID, features.ITEM_ID, "query")
        lists = ("history_item_ids", "history_event_types")
        ages = {"history_ages": tf.io.RaggedFeature(tf.float32, row_splits_dtype=tf.int64)}
        parsed = tf.io.parse_example(
            examples, {**dict.fromkeys(names, single), **dict.fromkeys(lists, history), **ages}
        )
        items, kinds = (parsed[name].to_tensor("") for name in lists)
        candidate = parsed[features.ITEM_ID][:, tf.newaxis]
        asked = (parsed[features.USER_ID], items, kinds, parsed["history_ages"].to_tensor(), parsed["query"])
        ranked = self._rank(*asked, candidate)
        return {name: values[:, 0] for name, values in ranked.items()}

    def _score(self, asked: QuerySide, rows: tf.Tensor) -> Scored:
        return self._scored(self.retrieval.features(asked, rows))

    def _reranked(self, query: tf.Tensor, candidates: Candidates, utility: tf.Tensor) -> tf.Tensor:
        if self.reranker is None:
            return utility
        return self.reranker.utility(query, candidates.rows, utility, candidates.valid)

    def _scored(self, features: tf.Tensor) -> Scored:
        last_layer = self._ranker.last_layer(features)
        probabilities = tf.sigmoid(self._ranker.heads(last_layer))
        return Scored(probabilities, tf.linalg.matvec(probabilities, self._weights), last_layer)

    def _search(self, preference: tf.Tensor, text: tf.Tensor, k: tf.Tensor, exclude: tf.Tensor) -> dict[str, tf.Tensor]:
        allowed = self.retrieval.allowed_without(exclude)
        rows, scores = self.retrieval.index.search(preference, self.retrieval.index.by_text(text), allowed, _width(k))
        filled = (scores > HIDDEN / 2) & _within(k, tf.shape(rows)[1])
        return {
            "item_ids": tf.where(filled, tf.gather(self.item_ids, rows), ""),
            "scores": tf.where(filled, scores, 0.0),
        }

    def _item_blocks(
        self, item_id: tf.Tensor, title: tf.Tensor, description: tf.Tensor, category: tf.Tensor, price: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Preference and text block of items, each of length 1 / sqrt 2, from the store or from what is told."""
        rows = self._known_row(self.raw.item_rows(item_id[:, tf.newaxis])[:, 0])
        told = self.raw.new_item(title, description, category, price)
        new = self._towers.embed_new_items(**told)
        known = (rows < self._unknown)[:, tf.newaxis]
        preference = tf.where(known, tf.gather(self.retrieval.store.preferences, rows), new)
        text = tf.where(known, tf.gather(self.retrieval.store.texts, rows), told["texts"])
        half = tf.constant(0.5**0.5)
        return preference * half, text * half

    @property
    def _unknown(self) -> int:
        return self.retrieval.store.item_count

    def _known_row(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.where(rows < 0, self._unknown, rows)


def request_ids(count: tf.Tensor) -> tf.Tensor:
    """Ids that no other request has, string [count]: 126 random bits each.

    The seeds are 0, "draw one when the graph is loaded". `tf.random.uniform` would take in the seed of the training
    run, and every server would hand out the same ids after every start.
    """
    low, high = tf.constant(0, tf.int64), tf.constant(tf.int64.max)
    parts = [
        tf.raw_ops.RandomUniformInt(shape=[count], minval=low, maxval=high, seed=0, seed2=0, name=f"request_{half}")
        for half in ("high", "low")
    ]
    return tf.strings.join([tf.strings.as_string(part) for part in parts], separator="-")


def _named(signature: str) -> dict[str, tf.TensorSpec]:
    return {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in INPUTS[signature].items()}


def _width(k: tf.Tensor) -> tf.Tensor:
    """Columns of an answer that has room for the largest k of the batch."""
    return tf.reduce_max(tf.concat([k, [0]], axis=0))


def _within(k: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Which columns a request asked for; bool [B, width]."""
    return tf.range(width)[tf.newaxis, :] < k[:, tf.newaxis]
