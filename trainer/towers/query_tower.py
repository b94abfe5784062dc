"""The query tower: user, history, context and query text to a preference vector."""

from collections.abc import Sequence

import keras
from keras import ops

from trainer.history import EventEmbedding, HistoryEncoder, HistoryEvents, RecencyMean, event_shapes
from trainer.history.events import vector_width
from trainer.history.known_embedding import KnownEmbedding
from trainer.history.time_gaps import TimeSinceLastEvent
from trainer.row_embedding import RowEmbedding
from trainer.towers.id_dropout import IdDropout
from trainer.towers.perceptron import Perceptron
from trainer.towers.unit import unit


@keras.saving.register_keras_serializable(package="shoprank")
class QueryTower(keras.layers.Layer):
    """User id, history, context and query text to a preference vector.

    All parts are joined and go through a perceptron, `unit(perceptron(parts))`. With `residual` its output is added to
    the encoded history, `unit(history + perceptron(parts))`: a sequence model then scores items with its state itself,
    as SASRec does.

    Args:
        user_count: Rows of the user vocabulary without the unknown row, U; row U is the unknown user. 0 leaves users
            out.
        dimension: Length of the preference vector, D.
        history_encoder: Encoder of the history; recency-weighted means unless given.
        id_dropout: Share of user ids hidden in training.
        context_sizes: Rows of each categorical context feature.
        text_dimension: Length of the query's text vector; 0 leaves the text out.
        event_type_count: Rows of the event types of the history; 0 leaves them out.
        use_time: Whether the gaps between events, and the gap from the last event to the point of view, count.
        hidden: Units of the perceptron's hidden layer, 2 D unless given. With 0 the perceptron is a linear projection;
            with `residual` and no part beside the history it is left out: `unit(history)`.
        residual: Whether the encoded history is added to the output.

    Raises:
        ValueError: A size is below 0, or, when built, `residual` with an encoder whose output is not of length D.
    """

    def __init__(
        self,
        user_count: int,
        dimension: int,
        history_encoder: HistoryEncoder | None = None,
        id_dropout: float = 0.0,
        context_sizes: Sequence[int] = (),
        text_dimension: int = 0,
        event_type_count: int = 0,
        use_time: bool = False,
        hidden: int | None = None,
        residual: bool = False,
        **kwargs: object,
    ) -> None:
        # Times stay float32, see `trainer.history.layer.EventsLayer`.
        super().__init__(**{"autocast": False, **kwargs})
        for name, size in (("user_count", user_count), ("text_dimension", text_dimension)):
            if size < 0:
                raise ValueError(f"{name}: at least 0, not {size}")
        self.user_count, self.dimension, self.id_dropout = user_count, dimension, id_dropout
        self.context_sizes, self.text_dimension = tuple(context_sizes), text_dimension
        self.event_type_count, self.use_time, self.residual = event_type_count, use_time, residual
        self.hidden = 2 * dimension if hidden is None else hidden
        self.history_encoder = history_encoder or RecencyMean(dtype=self.dtype_policy, name="history_encoder")
        self._add_layers(max(dimension // 4, 4))

    def _add_layers(self, width: int) -> None:
        """Create the layers beside the history encoder; `width` is that of the embeddings of small features."""
        policy = self.dtype_policy
        if self.user_count:
            self.drop_id = IdDropout(self.user_count, self.id_dropout, name="drop_id")
            self.user_embedding = RowEmbedding(self.user_count + 1, self.dimension, dtype=policy, name="user_embedding")
        self.event_embedding = EventEmbedding(
            self.event_type_count, self.use_time, dtype=policy, name="event_embedding"
        )
        if self.use_time:
            self.time_since_last_event = TimeSinceLastEvent(width, dtype=policy, name="time_since_last_event")
        self.context_embeddings = [
            KnownEmbedding(size, width, dtype=policy, name=f"context_{feature}")
            for feature, size in enumerate(self.context_sizes, start=1)
        ]
        if self._needs_perceptron:
            self.perceptron = Perceptron(self.dimension, self.hidden, dtype=policy, name="perceptron")

    @property
    def _needs_perceptron(self) -> bool:
        has_other_parts = self.user_count or self.context_sizes or self.text_dimension or self.use_time
        return bool(self.hidden or has_other_parts or not self.residual)

    def __call__(self, users: object, events: HistoryEvents, *args: object, **kwargs: object) -> keras.KerasTensor:
        """Build for the length of the item vectors, then call."""
        # Keras itself would ask an absent part of the events for its shape.
        if not self.built:
            self.build(event_shapes(events.vectors.shape[-1]))
        return super().__call__(users, events, *args, **kwargs)

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the weights; `events_shape` is `event_shapes(E)` for item vectors of length E."""
        events_shape = event_shapes(vector_width(events_shape))
        encoded = self.history_encoder.output_width(vector_width(events_shape))
        if self.residual and encoded != self.dimension:
            raise ValueError(f"residual: the encoded history must have length {self.dimension}, not {encoded}")
        # An encoder that comes with weights, as from a saved file, keeps them.
        if not self.history_encoder.built:
            self.history_encoder.build(events_shape)
        self.event_embedding.build(events_shape)
        width = encoded + self.text_dimension
        if self.user_count:
            self.user_embedding.build((None,))
            width += self.dimension
        if self.use_time:
            self.time_since_last_event.build(events_shape)
            width += self.time_since_last_event.width
        for embedding in self.context_embeddings:
            embedding.build((None, None))
            width += embedding.output_dim
        if self._needs_perceptron:
            self.perceptron.build((None, None, width))

    def call(
        self,
        users: keras.KerasTensor | None,
        events: HistoryEvents,
        context: keras.KerasTensor | None = None,
        text: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Embed T points of view on each user.

        Args:
            users: Rows of the user vocabulary, int [B]; without users (`user_count` 0) None will do.
            events: The histories, with item vectors of length E.
            context: Rows of the context features, int [B, T, C], -1 where unknown; None where all are.
            text: Text vectors of the queries, float32 [B, T, X], zeros for none; None where there is none at all.
            training: Whether ids are dropped.

        Returns:
            Unit vectors, float32 [B, T, D].

        Raises:
            ValueError: `users` missing from a tower with users, `context` or `text` given to a tower without them.
        """
        events = self.event_embedding(events)
        past = ops.cast(self.history_encoder(events, training=training), self.compute_dtype)
        parts = [*self._user(users, events, training), past]
        if self.use_time:
            parts.append(self.time_since_last_event(events))
        parts += [*self._context(context, events), *self._text(text, events)]
        if not self._needs_perceptron:
            return unit(past)
        correction = self.perceptron(ops.concatenate(parts, axis=-1))
        return unit(past + correction if self.residual else correction)

    def _user(self, users: keras.KerasTensor | None, events: HistoryEvents, training: bool) -> list[keras.KerasTensor]:
        """User vectors, dropped anew for each point of view, float [B, T, D]."""
        if not self.user_count:
            return []
        if users is None:
            raise ValueError("users: missing, and the tower was made with them")
        # One row a user and one for the unknown are looked up, and not one for each point of view.
        unknown = ops.full((1,), self.user_count, dtype=users.dtype)
        vectors = self.user_embedding(ops.concatenate([users, unknown], axis=0))
        rows = ops.broadcast_to(users[:, None], ops.shape(events.visible)[:2])
        dropped = ops.equal(self.drop_id(rows, training=training), unknown)
        return [ops.where(dropped[:, :, None], vectors[-1], vectors[:-1, None, :])]

    def _context(self, context: keras.KerasTensor | None, events: HistoryEvents) -> list[keras.KerasTensor]:
        """Vectors of the context features, float [B, T, ...]."""
        if context is None:
            shape = (*ops.shape(events.visible)[:2], len(self.context_sizes))
            context = ops.full(shape, -1, dtype="int32")
        if context.shape[-1] != len(self.context_sizes):
            raise ValueError(f"context: {len(self.context_sizes)} features, not {context.shape[-1]}")
        return [embed(context[:, :, feature]) for feature, embed in enumerate(self.context_embeddings)]

    def _text(self, text: keras.KerasTensor | None, events: HistoryEvents) -> list[keras.KerasTensor]:
        """Text vectors of the queries, float [B, T, X]."""
        if text is None:
            text = ops.zeros((*ops.shape(events.visible)[:2], self.text_dimension), dtype=self.compute_dtype)
        if text.shape[-1] != self.text_dimension:
            raise ValueError(f"text: vectors of length {self.text_dimension}, not {text.shape[-1]}")
        return [ops.cast(text, self.compute_dtype)] if self.text_dimension else []

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {
            "user_count": self.user_count,
            "dimension": self.dimension,
            "history_encoder": keras.saving.serialize_keras_object(self.history_encoder),
            "id_dropout": self.id_dropout,
            "context_sizes": list(self.context_sizes),
            "text_dimension": self.text_dimension,
            "event_type_count": self.event_type_count,
            "use_time": self.use_time,
            "hidden": self.hidden,
            "residual": self.residual,
        }
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, object]) -> "QueryTower":
        """A tower from its constructor's arguments."""
        encoder = keras.saving.deserialize_keras_object(config["history_encoder"])
        return cls(**{**config, "history_encoder": encoder})
