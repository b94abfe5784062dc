"""Time gaps as features: their embedding, and the gap between the last visible event and the point of view."""

import keras
from keras import ops

from trainer.history.events import HistoryEvents
from trainer.history.known_embedding import KnownEmbedding
from trainer.history.layer import EventsLayer

_MINUTES_IN_A_DAY = 1440.0
_BUCKETS = 24
_NEVER = -3e38


@keras.saving.register_keras_serializable(package="shoprank")
class GapEmbedding(keras.layers.Layer):
    """Embeds a time gap by its bucket: the whole part of `log2(1 + minutes)`, at most 23, which is 16 years.

    Args:
        width: Length of the embedding, G.
    """

    def __init__(self, width: int, **kwargs: object) -> None:
        # Gaps stay float32, see `EventsLayer`.
        super().__init__(**{"autocast": False, **kwargs})
        self.width = width
        self.embedding = KnownEmbedding(_BUCKETS, width, dtype=self.dtype_policy, name="embedding")

    def build(self, gaps_shape: tuple) -> None:
        """Create the embedding."""
        self.embedding.build(gaps_shape)

    def call(self, gaps: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        """Embed gaps.

        Args:
            gaps: Days, float32 [...]; below zero counts as zero.
            known: Whether there is a gap, bool [...]; without one the embedding is zeros.

        Returns:
            float [..., G].
        """
        minutes = ops.maximum(ops.cast(gaps, "float32"), 0.0) * _MINUTES_IN_A_DAY
        buckets = ops.cast(ops.minimum(ops.log2(1.0 + minutes), _BUCKETS - 1.0), "int32")
        return self.embedding(ops.where(known, buckets, -1))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="shoprank")
class TimeSinceLastEvent(EventsLayer):
    """Embeds the time between the latest visible event and each point of view; zeros without times or events.

    Args:
        width: Length of the embedding, G.
    """

    def __init__(self, width: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.gap_embedding = GapEmbedding(width, dtype=self.dtype_policy, name="gap_embedding")

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the embedding."""
        self.gap_embedding.build((None, None))

    def call(self, events: HistoryEvents) -> keras.KerasTensor:
        """Embed the gap of T points of view on each history, float [B, T, G]."""
        if events.days is None or events.target_days is None:
            batch, views, _ = ops.shape(events.visible)
            return ops.zeros((batch, views, self.width), dtype=self.compute_dtype)
        days = ops.cast(events.days, "float32")[:, None, :]
        latest = ops.max(ops.where(events.visible, days, _NEVER), axis=-1, initial=_NEVER)
        gaps = ops.cast(events.target_days, "float32") - latest
        return self.gap_embedding(gaps, ops.any(events.visible, axis=-1))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "width": self.width}
