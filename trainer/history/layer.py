"""Base classes of the layers that take the events of a history."""

from typing import Any

import keras

from trainer.history.events import HistoryEvents, event_shapes


class EventsLayer(keras.layers.Layer):
    """A layer whose input is `HistoryEvents`, some of them absent.

    Its inputs are never rounded to bfloat16: times in days need float32. Layers cast what they compute with.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{"autocast": False, **kwargs})

    def __call__(self, events: HistoryEvents, **kwargs: object) -> Any:
        """Build for the length of the item vectors, then call."""
        # Keras itself would ask an absent part for its shape.
        if not self.built:
            self.build(event_shapes(events.vectors.shape[-1]))
        return super().__call__(events, **kwargs)


class HistoryEncoder(EventsLayer):
    """A layer from `HistoryEvents` to one vector for each point of view.

    A subclass gives `call(events, training=False)`, float [B, T, W] of the events that each point of view sees and of
    no other, `build(events_shape)` and `output_width`.
    """

    def output_width(self, width: int) -> int:
        """Length of the encoded history, W.

        Args:
            width: Length of the item vectors, E.
        """
        raise NotImplementedError
