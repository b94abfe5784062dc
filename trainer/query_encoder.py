"""Rows of users and histories to the query side, through the query tower."""

import tensorflow as tf

from trainer.quantisation.held_variables import HeldVariables, Untracked
from trainer.quantisation.stand_ins import StandIns
from trainer.query_side import QuerySide
from trainer.retrieval import TwoTowerModel
from trainer.search_index import SearchScores


class QueryEncoder(tf.Module):
    """Holds the two-tower model in an exportable way."""

    def __init__(self, towers: TwoTowerModel, tables: StandIns | None = None) -> None:
        """Take a trained model, and the tables that it looks up in place of its own; all are shared, not copied."""
        super().__init__(name="query_encoder")
        self._towers, self.tables = Untracked(towers), tables or StandIns()
        self.small_tables = self.tables.all
        self.variables_of_towers = HeldVariables((weight.value for weight in towers.weights), "variables_of_towers")

    def encode(
        self,
        users: tf.Tensor,
        history: tf.Tensor,
        event_types: tf.Tensor,
        ages: tf.Tensor,
        text: tf.Tensor,
        found: SearchScores,
    ) -> QuerySide:
        """The query side of B requests.

        Args:
            users: Rows of the user vocabulary, int64 [B].
            history: Catalogue rows, oldest first, -1 pads at the end, int32 [B, H].
            event_types: Rows of the event types, -1 pads, int32 [B, H].
            ages: Days from each event to the request, float32 [B, H].
            text: Unit text vectors, zeros without a text, float32 [B, T].
            found: What the query says of each row of the catalogue, float32 [B, V + 1]; [B, 0] where no
                request of the batch has a query.
        """
        known = history >= 0
        batch = {
            "users": users,
            "history": history,
            "visible": known[:, tf.newaxis, :],
            "event_types": event_types,
            "days": tf.where(known, -ages, 0.0),
            "target_days": tf.zeros_like(ages[:, :1]),
        }
        with self.tables.in_place():
            preference = self._towers.model.embed_queries(batch)[:, 0, :]
        return QuerySide(users, history, event_types, ages, preference, text, *found)
