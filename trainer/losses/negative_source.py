"""What a source of negatives is."""

import keras

from trainer.losses.candidates import Candidates, Embed


class NegativeSource(keras.layers.Layer):
    """Base of the layers that give a sampled softmax its negatives. A subclass writes `call`.

    Sources compute in float32 under every dtype policy, unless `dtype` says otherwise: half precision would round
    log shares by several per cent.

    Attributes:
        draws: Whether the items are drawn at random with the probability that `log_probability` gives. False for
            items that are chosen: they take no part in the sampling correction.
    """

    draws = True

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def log_probability(self, log_q: keras.KerasTensor) -> keras.KerasTensor:
        """Log of the probability with which one draw of this source gives an item.

        Args:
            log_q: Log of the item's share of the training targets, float32 of any shape.

        Returns:
            The same shape; `log_q` itself for a source that draws training targets.
        """
        return log_q

    def call(
        self,
        queries: keras.KerasTensor,
        targets: Candidates,
        weights: keras.KerasTensor,
        *,
        embed: Embed,
        positives: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> Candidates:
        """The negatives of a batch. Positives may be among them: the loss removes those.

        Args:
            queries: Unit vectors, float32 [N, D].
            targets: The target of each query in the same order, N of them.
            weights: 0 for padding, else the weight of the example, float32 [N].
            embed: Gives the vectors of catalogue rows.
            positives: Other positives of each query, int [N, P], -1 pads.
            training: Whether a source with a memory may change it.

        Returns:
            M candidates for all queries, or M for each.
        """
        raise NotImplementedError(f"{type(self).__name__} has no call method")


def require_positive(name: str, value: int) -> int:
    """The value itself.

    Raises:
        ValueError: It is below 1.
    """
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value
