"""What an event adds to the vector of its item: its type, and the time since the event before."""

import keras
from keras import ops

from trainer.history.events import HistoryEvents, vector_width
from trainer.history.known_embedding import KnownEmbedding
from trainer.history.layer import EventsLayer
from trainer.history.prefix import visible_prefix
from trainer.history.time_gaps import GapEmbedding


@keras.saving.register_keras_serializable(package="shoprank")
class EventEmbedding(EventsLayer):
    """Adds embeddings of the event type and of the time since the previous event to the item vectors.

    What is absent adds nothing: types or times that are None, a type of -1, the gap before the first event. With times
    only the visible prefix stays visible, since a gap tells when the event before was.

    Args:
        event_type_count: Rows of the event types; 0 leaves types out.
        days: Whether time gaps are added.

    Raises:
        ValueError: `event_type_count` is below 0.
    """

    def __init__(self, event_type_count: int = 0, days: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if event_type_count < 0:
            raise ValueError(f"event_type_count: at least 0, not {event_type_count}")
        self.event_type_count, self.days = event_type_count, days

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the embeddings, as wide as the item vectors."""
        width, policy = vector_width(events_shape), self.dtype_policy
        if self.event_type_count:
            self.type_embedding = KnownEmbedding(self.event_type_count, width, dtype=policy, name="type_embedding")
            self.type_embedding.build((None, None))
        if self.days:
            self.gap_embedding = GapEmbedding(width, dtype=policy, name="gap_embedding")
            self.gap_embedding.build((None, None))

    def call(self, events: HistoryEvents) -> HistoryEvents:
        """The same events with richer item vectors, float [B, L, E]."""
        vectors, visible = ops.cast(events.vectors, self.compute_dtype), events.visible
        if self.event_type_count and events.event_types is not None:
            vectors = vectors + self.type_embedding(events.event_types)
        if self.days and events.days is not None:
            vectors = vectors + self._gaps(events.days)
            visible = visible_prefix(visible)
        return events._replace(vectors=vectors, visible=visible)

    def _gaps(self, days: keras.KerasTensor) -> keras.KerasTensor:
        """Embedded time since the previous event, zeros for the first, float [B, L, E]."""
        days = ops.cast(days, "float32")
        previous = ops.concatenate([days[:, :1], days[:, :-1]], axis=1)
        has_previous = ops.broadcast_to(ops.arange(ops.shape(days)[1]) > 0, ops.shape(days))
        return self.gap_embedding(days - previous, has_previous)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "event_type_count": self.event_type_count, "days": self.days}
