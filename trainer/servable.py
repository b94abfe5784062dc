"""The one SavedModel: retrieve, rank and explore behind the signatures of the design, on raw strings."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from trainer import features
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.slate import inclusion_probabilities, with_constant
from trainer.calibration.calibration import Calibration
from trainer.candidates import SOURCES, Candidates
from trainer.explanations import Explainer
from trainer.index.exact import HIDDEN
from trainer.item_filters import Filters
from trainer.quantisation.held_variables import HeldVariables, Untracked, drop_unread
from trainer.quantisation.vector_tables import rows_of
from trainer.query_side import QuerySide
from trainer.ranker import Ranker
from trainer.ranker_inputs import ranker_inputs
from trainer.raw_inputs import RawInputs
from trainer.reranking import Reranker
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_graph import RetrievalGraph
from trainer.signature_inputs import FILTERS, INPUTS, named_inputs
from trainer.utility import Utility


class Scored(NamedTuple):
    """What the ranker says of candidates.

    Attributes:
        probabilities: One an objective, calibrated, float32 [B, N, O].
        utility: What they are worth, see `trainer.utility`, float32 [B, N].
        last_layer: What the bandit posterior is over, float32 [B, N, W].
    """

    probabilities: tf.Tensor
    utility: tf.Tensor
    last_layer: tf.Tensor


class Offer(NamedTuple):
    """What B requests may be shown, and what a policy chooses by.

    Attributes:
        candidates: N of each request.
        utility: The ranker's, after the last stage of a search, float32 [B, N].
        features: The ranker's last layer with a constant 1, float32 [B, N, D].
    """

    candidates: Candidates
    utility: tf.Tensor
    features: tf.Tensor


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
        titles: list[str],
        objectives: list[str],
        calibration: Calibration,
        utility: Utility,
        version: str,
        exported: Sequence[str] | None = None,
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
            titles: Display texts by catalogue row.
            objectives: Names of the objectives, in the ranker's order.
            calibration: Corrects their probabilities.
            utility: What they are worth.
            version: What `model_version` answers.
            exported: Names of the signatures; None for all.
        """
        super().__init__(name="shoprank")
        self.raw, self.retrieval, self.exploration = raw, retrieval, exploration
        self._models, self.reranker = Untracked((towers, ranker)), reranker
        self.variables_of_ranker = HeldVariables((weight.value for weight in ranker.weights), "variables_of_ranker")
        self.item_ids = tf.Variable([*item_ids, ""], trainable=False, name="item_ids")
        self.titles = tf.Variable([*titles, ""], trainable=False, name="titles")
        self.explainer = Explainer(retrieval, lambda *items: self._scored(*items).utility, self.item_ids)
        self.objectives = list(objectives)
        self._exported = tuple(INPUTS if exported is None else exported)
        self.calibration, self.utility = calibration, utility
        # A variable, so that a new version over the same graph needs no more than a new value.
        self.version = tf.Variable(version, trainable=False, name="version")

    @property
    def _towers(self) -> TwoTowerModel:
        return self._models.model[0]

    @property
    def _ranker(self) -> Ranker:
        return self._models.model[1]

    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """A function for each signature, to be given to `tf.saved_model.save`.

        From then on the servable holds no weights of models but those that these functions read.
        """
        functions = {
            name: tf.function(getattr(self, f"_{name}"), autograph=False).get_concrete_function(**named_inputs(name))
            for name in INPUTS
            if name in self._exported
        }
        drop_unread(self, functions.values())
        return functions

    def _recommend(self, k: tf.Tensor, policy: tf.Tensor, seed: tf.Tensor, **asked: tf.Tensor) -> dict[str, tf.Tensor]:
        offer = self._offer(**asked)
        slate = self.exploration.choose(policy, *_chosen_by(offer), _slots(k, offer), seed)
        filled = slate.indices >= 0

        def of_slots(values: tf.Tensor) -> tf.Tensor:
            return tf.gather(values, tf.maximum(slate.indices, 0), batch_dims=1)

        rows, sources = of_slots(offer.candidates.rows), of_slots(offer.candidates.sources)
        return {
            **self._named(rows, filled),
            "scores": tf.where(filled, slate.scores, 0.0),
            "propensities": tf.where(filled, tf.minimum(slate.propensities, 1.0), 0.0),
            "inclusion_probabilities": tf.where(filled, slate.inclusions, 0.0),
            "predicted_utilities": tf.where(filled, self._in_slots(of_slots, offer), 0.0),
            "exploration_features": tf.where(filled[:, :, tf.newaxis], of_slots(offer.features), 0.0),
            "sources": tf.where(filled, tf.gather(tf.constant(SOURCES), sources), ""),
            "policy": self.exploration.resolved(policy),
            "request_id": request_ids(tf.size(policy)),
            "model_version": tf.fill(tf.shape(policy), self.version),
        }

    def _propensities(
        self, k: tf.Tensor, policy: tf.Tensor, seed: tf.Tensor, candidate_item_ids: tf.Tensor, **asked: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        offer = self._offer(**asked)
        distribution = self.exploration.distribution(policy, *_chosen_by(offer), _slots(k, offer), seed)
        utility = self.exploration.belief(*_chosen_by(offer)).utility
        rows = self.raw.item_rows(candidate_item_ids)
        same = (rows[:, :, tf.newaxis] == offer.candidates.rows[:, tf.newaxis, :]) & offer.candidates.valid[
            :, tf.newaxis
        ]
        same = tf.cast(same & (rows >= 0)[:, :, tf.newaxis], tf.float32)
        of_item = tf.matmul(same, distribution)
        usable = tf.where(tf.math.is_finite(utility), utility, 0.0)
        return {
            "propensities": tf.minimum(_own_slots(of_item), 1.0),
            "inclusion_probabilities": tf.linalg.matvec(same, inclusion_probabilities(distribution)),
            "utilities": tf.linalg.matvec(same, usable),
            "expected_utilities": tf.linalg.matvec(distribution, usable, transpose_a=True),
        }

    def _rank(self, candidate_item_ids: tf.Tensor, **side: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = self.raw.item_rows(candidate_item_ids)
        scored = self._score(self.raw.query_side(**side), self._known_row(rows))
        given = tf.cast(rows >= 0, tf.float32)
        outputs = {name: scored.probabilities[:, :, number] * given for number, name in enumerate(self.objectives)}
        return {**outputs, "utility": scored.utility * given}

    def _explain(self, candidate_item_ids: tf.Tensor, **side: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = self.raw.item_rows(candidate_item_ids)
        return self.explainer.explain(self.raw.query_side(**side), side["query"], rows)

    def _retrieve(self, k: tf.Tensor, **asked: tf.Tensor) -> dict[str, tf.Tensor]:
        side, filters = _parted(asked)
        preference, text = self.raw.query_side(**side).blocks(self.retrieval.text_share)
        return self._search(preference, text, k, self._allowed(**filters))

    def _similar_items(
        self, item_id: tf.Tensor, title: tf.Tensor, description: tf.Tensor, k: tf.Tensor, **filters: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        unknown = tf.fill(tf.shape(item_id), float("nan"))
        preference, text = self._item_blocks(item_id, title, description, tf.fill(tf.shape(item_id), ""), unknown)
        itself_as_well = tf.concat([item_id[:, tf.newaxis], filters.pop("exclude_item_ids")], axis=1)
        return self._search(preference, text, k, self._allowed(itself_as_well, **filters))

    def _embed_query(self, **side: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"vectors": tf.concat(self.raw.query_side(**side).blocks(self.retrieval.text_share), axis=1)}

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
        side = {name: parsed[name] for name in (features.USER_ID, "query")}
        side |= {name: parsed[name].to_tensor("") for name in lists} | {
            "history_ages": parsed["history_ages"].to_tensor()
        }
        ranked = self._rank(parsed[features.ITEM_ID][:, tf.newaxis], **side)
        return {name: values[:, 0] for name, values in ranked.items()}

    def _in_slots(self, of_slots: Callable[[tf.Tensor], tf.Tensor], offer: Offer) -> tf.Tensor:
        """What was expected of the chosen items where they are shown, which is what an outcome is held against."""
        if self._ranker.position_tower is None:
            return of_slots(offer.utility)
        last_layer, rows = of_slots(offer.features)[:, :, :-1], of_slots(offer.candidates.rows)
        slots = tf.range(tf.shape(rows)[1])[tf.newaxis, :]
        logits = self._ranker.logits_of(last_layer, tf.repeat(slots, tf.shape(rows)[0], axis=0))
        return self.utility(self.calibration(tf.sigmoid(logits)), rows)

    def _offer(self, **inputs: tf.Tensor) -> Offer:
        side, filters = _parted(inputs)
        asked = self.raw.query_side(**side)
        candidates = self.retrieval.candidates.collect(asked, self._allowed(**filters))
        scored = self._score(asked, candidates.rows)
        utility = self._reranked(side["query"], candidates, scored.utility)
        return Offer(candidates, utility, with_constant(scored.last_layer))

    def _score(self, asked: QuerySide, rows: tf.Tensor) -> Scored:
        return self._scored(asked, rows, self.retrieval.features(asked, rows))

    def _reranked(self, query: tf.Tensor, candidates: Candidates, utility: tf.Tensor) -> tf.Tensor:
        if self.reranker is None:
            return utility
        return self.reranker.utility(query, candidates.rows, utility, candidates.valid)

    def _scored(self, asked: QuerySide, rows: tf.Tensor, features: tf.Tensor) -> Scored:
        attended = self._ranker.attended_events
        last_layer = self._ranker.last_layer(ranker_inputs(self.retrieval.store, features, rows, asked, attended))
        probabilities = self.calibration(tf.sigmoid(self._ranker.logits_of(last_layer)))
        return Scored(probabilities, self.utility(probabilities, rows), last_layer)

    def _allowed(
        self,
        exclude_item_ids: tf.Tensor,
        allow_item_ids: tf.Tensor,
        category: tf.Tensor,
        lowest_price: tf.Tensor,
        highest_price: tf.Tensor,
    ) -> tf.Tensor:
        """Which items the requests may be shown, bool [B, V + 1]."""
        only = self.raw.item_rows(allow_item_ids)
        filters = Filters(only, category, lowest_price, highest_price)
        return self.retrieval.allowed(self.raw.item_rows(exclude_item_ids), filters)

    def _search(self, preference: tf.Tensor, text: tf.Tensor, k: tf.Tensor, allowed: tf.Tensor) -> dict[str, tf.Tensor]:
        rows, scores = self.retrieval.index.search(preference, self.retrieval.index.by_text(text), allowed, k)
        filled = (scores > HIDDEN / 2) & _within(k, tf.shape(rows)[1])
        return {**self._named(rows, filled), "scores": tf.where(filled, scores, 0.0)}

    def _named(self, rows: tf.Tensor, filled: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ids and titles of catalogue rows, '' where a slot is not filled; both as `rows` [B, K]."""
        tables = {"item_ids": self.item_ids, "titles": self.titles}
        return {name: tf.where(filled, tf.gather(table, rows), "") for name, table in tables.items()}

    def _item_blocks(
        self, item_id: tf.Tensor, title: tf.Tensor, description: tf.Tensor, category: tf.Tensor, price: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Preference and text block of items, each of length 1 / sqrt 2, from the store or from what is told."""
        rows = self._known_row(self.raw.item_rows(item_id[:, tf.newaxis])[:, 0])
        told = self.raw.new_item(title, description, category, price)
        with self.retrieval.encoder.tables.in_place():
            new = self._towers.embed_new_items(**told)
        known = (rows < self._unknown)[:, tf.newaxis]
        preference = tf.where(known, rows_of(self.retrieval.store.preferences, rows), new)
        text = tf.where(known, rows_of(self.retrieval.store.texts, rows), told["texts"])
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


def _parted(inputs: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """The user side of a request, and its filters."""
    filters = {name: inputs[name] for name in FILTERS}
    return {name: value for name, value in inputs.items() if name not in FILTERS}, filters


def _chosen_by(offer: Offer) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """What the exploration head is told of an offer."""
    return offer.utility, offer.features, offer.candidates.rows, offer.candidates.valid


def _slots(k: tf.Tensor, offer: Offer) -> tf.Tensor:
    """Slots of each slate. What no candidate can fill is not even laid out: a k of a billion would end the server."""
    return tf.minimum(k, tf.shape(offer.utility)[1])


def _own_slots(of_item: tf.Tensor) -> tf.Tensor:
    """The diagonal of [B, L, K], with 0 for the items behind the last slot; [B, L]."""
    missing = tf.maximum(tf.shape(of_item)[1] - tf.shape(of_item)[2], 0)
    return tf.linalg.diag_part(tf.pad(of_item, [[0, 0], [0, 0], [0, missing]])[:, :, : tf.shape(of_item)[1]])


def _within(k: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Which columns a request asked for; bool [B, width]."""
    return tf.range(width)[tf.newaxis, :] < k[:, tf.newaxis]
