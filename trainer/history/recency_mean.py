"""History encoder: means of the past, weighted by how long ago in events and in days."""

from collections.abc import Sequence

import keras
from keras import ops

from trainer.history.events import HistoryEvents
from trainer.history.layer import HistoryEncoder

_NEVER = -3e38


@keras.saving.register_keras_serializable(package="shoprank")
class RecencyMean(HistoryEncoder):
    """Exponentially decayed means of the visible history, one mean for each learned decay.

    The weight of an event is `exp(-age / tau)`, normalised to sum to 1 over the visible events. In events, the n-th
    latest visible event has age n, 1 the latest. In days, the age is counted to the latest visible event: to the point
    of view it would give the same weights, since what all events have in common cancels. Without times all events count
    as happening now: the means over days become plain means. An empty history gives zeros.

    Args:
        decays_in_events: Initial values of tau, in events; trained in log space.
        decays_in_days: Initial values of tau, in days; trained in log space.

    Raises:
        ValueError: No decay at all, or one that is not positive.
    """

    def __init__(
        self,
        decays_in_events: Sequence[float] = (4.0, 32.0, 256.0),
        decays_in_days: Sequence[float] = (),
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.decays_in_events, self.decays_in_days = tuple(decays_in_events), tuple(decays_in_days)
        decays = (*self.decays_in_events, *self.decays_in_days)
        if not decays or min(decays) <= 0:
            raise ValueError(f"decays_in_events, decays_in_days: at least one, all positive, not {decays}")

    def output_width(self, width: int) -> int:
        """One mean for each decay: K times E."""
        return (len(self.decays_in_events) + len(self.decays_in_days)) * width

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the log decays, float32 [K], those in events first."""
        decays = ops.convert_to_tensor((*self.decays_in_events, *self.decays_in_days), "float32")
        initial = keras.initializers.Constant(ops.log(decays))
        self.log_decays = self.add_weight(name="log_decays", shape=decays.shape, initializer=initial, autocast=False)

    def call(self, events: HistoryEvents, training: bool = False) -> keras.KerasTensor:
        """Encode T points of view on each history, float [B, T, K * E]."""
        vectors = ops.cast(events.vectors, self.compute_dtype)
        weights = ops.cast(self._weights(events), self.compute_dtype)
        batch, views, decays, length = ops.shape(weights)
        means = ops.matmul(ops.reshape(weights, (batch, views * decays, length)), vectors)
        return ops.reshape(means, (batch, views, decays * vectors.shape[-1]))

    def _weights(self, events: HistoryEvents) -> keras.KerasTensor:
        """Weight of each event in each mean, float32 [B, T, K, L]."""
        visible = events.visible[:, :, None, :]
        ages = [_ages_in_events(events.visible)] * len(self.decays_in_events)
        ages += [_ages_in_days(events)] * len(self.decays_in_days)
        exponents = -ops.stack(ages, axis=2) / ops.exp(self.log_decays)[:, None]
        weights = ops.softmax(ops.where(visible, exponents, _NEVER), axis=-1)
        return ops.where(visible, weights, 0.0)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"decays_in_events": list(self.decays_in_events), "decays_in_days": list(self.decays_in_days)}
        return {**super().get_config(), **own}


def _ages_in_events(visible: keras.KerasTensor) -> keras.KerasTensor:
    seen = ops.cast(visible, "float32")
    return ops.flip(ops.cumsum(ops.flip(seen, axis=-1), axis=-1), axis=-1)


def _ages_in_days(events: HistoryEvents) -> keras.KerasTensor:
    if events.days is None:
        return ops.zeros_like(events.visible, dtype="float32")
    days = ops.cast(events.days, "float32")[:, None, :]
    latest = ops.max(ops.where(events.visible, days, _NEVER), axis=-1, keepdims=True, initial=_NEVER)
    # Ages of what is not visible stay finite, or the gradient of the decays would not be.
    return ops.where(events.visible, latest - days, 0.0)
