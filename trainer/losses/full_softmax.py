"""Full softmax: cross-entropy over the whole catalogue."""

import keras
from keras import ops

from trainer.losses.candidates import HIDDEN, Candidates, Embed, dot_products
from trainer.losses.negative_source import require_positive
from trainer.losses.softmax_loss import SoftmaxLoss, weighted_mean


@keras.saving.register_keras_serializable(package="shoprank")
class FullSoftmax(SoftmaxLoss):
    """Softmax cross-entropy over all V items, which `embed` gives once a batch. Nothing is sampled or corrected.

    The best choice where it fits: a step costs N x V x D, and its logits take 4 x N x V bytes several times over.

    With positives, the loss of a query is the mean over its positives, the target among them, of the cross-entropy
    with the other positives hidden: no positive is pushed down for another. This is the supervised contrastive loss
    with the sum outside the log (Khosla et al. 2020, "Supervised contrastive learning", equation 2), but for the
    other positives in its denominator. With `average_positives` off the target alone is learned, and the other
    positives are just hidden: right where each of them is the target of a query of its own.

    Args:
        item_count: Items in the catalogue, V.
        temperature: Divides the dot products; where learned, its first value.
        learn_temperature: Whether it is trained.
        average_positives: Whether all positives of a query are learned, or its target alone.

    Raises:
        ValueError: `item_count` is below 1, or `temperature` lies outside 0.01 to 10.
    """

    def __init__(
        self,
        item_count: int,
        temperature: float = 0.1,
        learn_temperature: bool = True,
        average_positives: bool = True,
        **kwargs: object,
    ) -> None:
        super().__init__(temperature, learn_temperature, **kwargs)
        self.item_count = require_positive("item_count", item_count)
        self.average_positives = average_positives

    def call(
        self,
        queries: keras.KerasTensor,
        targets: Candidates,
        weights: keras.KerasTensor,
        *,
        embed: Embed,
        positives: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Mean loss of a batch.

        Args:
            queries: Unit vectors, float [N, D].
            targets: The target of each query; only `rows` is read. A row outside 0 to V - 1, such as the unknown
                item, counts as padding.
            weights: 0 for padding, else the weight of the example, float32 [N].
            embed: Gives the vectors of catalogue rows.
            positives: Other positives of each query, int [N, P], each once, -1 pads. The target may be among them.
            training: Makes no difference here.

        Returns:
            float32 scalar: weighted mean of the cross-entropy.
        """
        logits = dot_products(queries, embed(ops.arange(self.item_count, dtype="int32"))) / self.temperature
        target = ops.cast(targets.rows, "int32")[:, None]
        weights = ops.where(self._is_item(target)[:, 0], weights, 0.0)
        if positives is None:
            losses = ops.logsumexp(logits, axis=-1) - self._at(logits, target)[:, 0]
            return weighted_mean(losses, weights)
        positives = ops.cast(positives, "int32")
        known = ops.concatenate([target, ops.where(positives == target, -1, positives)], axis=1)
        return weighted_mean(self._positive_losses(logits, known), weights)

    def _positive_losses(self, logits: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of each query, [N], for logits [N, V] and positives [N, P], the target first."""
        negatives = ops.logsumexp(ops.where(self._mark(known), HIDDEN, logits), axis=-1)
        # -log(e^s / (e^s + e^n)) = log(1 + e^(n - s)).
        losses = ops.softplus(negatives[:, None] - self._at(logits, known))
        if not self.average_positives:
            return losses[:, 0]
        present = ops.cast(self._is_item(known), "float32")
        return ops.divide_no_nan(ops.sum(losses * present, axis=-1), ops.sum(present, axis=-1))

    def _is_item(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        return ops.logical_and(rows >= 0, rows < self.item_count)

    def _at(self, logits: keras.KerasTensor, rows: keras.KerasTensor) -> keras.KerasTensor:
        return ops.take_along_axis(logits, ops.clip(rows, 0, self.item_count - 1), axis=1)

    def _mark(self, known: keras.KerasTensor) -> keras.KerasTensor:
        """bool [N, V]: which items are among the known rows [N, P]."""
        # What is no item lands in a column of its own, which is cut off.
        columns = ops.where(self._is_item(known), known, self.item_count)
        lines = ops.broadcast_to(ops.arange(ops.shape(known)[0], dtype="int32")[:, None], ops.shape(known))
        places = ops.reshape(ops.stack([lines, columns], axis=-1), (-1, 2))
        marks = ops.zeros((ops.shape(known)[0], self.item_count + 1), "int32")
        ones = ops.ones((ops.shape(places)[0],), "int32")
        return ops.scatter_update(marks, places, ones)[:, : self.item_count] > 0

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "item_count": self.item_count, "average_positives": self.average_positives}
