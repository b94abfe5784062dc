"""What the ranker is trained by: right probabilities, in the right order."""

import keras

from trainer.listwise_loss import listwise_softmax
from trainer.pairwise_loss import pairwise_logistic
from trainer.pointwise_loss import masked_cross_entropy


@keras.saving.register_keras_serializable(package="shoprank")
class RankerLoss(keras.losses.Loss):
    """Cross-entropy of each candidate, plus weighted losses over the lists and the pairs of candidates of a case.

    The first keeps the probabilities calibrated, which the others cannot: they do not see what all candidates of a case
    have in common. The others look at the order, which is what users see.

    Args:
        listwise_weight: Weight of the listwise softmax.
        pairwise_weight: Weight of the pairwise logistic loss.
    """

    def __init__(
        self,
        listwise_weight: float = 1.0,
        pairwise_weight: float = 0.0,
        name: str = "ranker_loss",
        **kwargs: object,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.listwise_weight, self.pairwise_weight = listwise_weight, pairwise_weight

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of each case, [B].

        Args:
            y_true: 1, 0, or -1 where there is no candidate, [B, N, O].
            y_pred: Logits, [B, N, O].
        """
        loss = masked_cross_entropy(y_true, y_pred)
        for weight, of_order in ((self.listwise_weight, listwise_softmax), (self.pairwise_weight, pairwise_logistic)):
            # All pairs of some hundred candidates cost too much to be multiplied by 0.
            loss = loss + weight * of_order(y_true, y_pred) if weight else loss
        return loss

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"listwise_weight": self.listwise_weight, "pairwise_weight": self.pairwise_weight}
        return {**super().get_config(), **own}
