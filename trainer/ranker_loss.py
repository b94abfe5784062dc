"""What the ranker is trained by: right probabilities, in the right order."""

import keras

from trainer.listwise_loss import listwise_softmax
from trainer.ranker import masked_cross_entropy


@keras.saving.register_keras_serializable(package="shoprank")
class RankerLoss(keras.losses.Loss):
    """Cross-entropy of each candidate, plus a weighted listwise softmax over the candidates of a case.

    The first keeps the probabilities calibrated, which the second cannot: it does not see what all candidates of a case
    have in common. The second looks at the order, which is what users see.

    Args:
        listwise_weight: Weight of the listwise softmax.
    """

    def __init__(self, listwise_weight: float = 1.0, name: str = "ranker_loss", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)
        self.listwise_weight = listwise_weight

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of each case, [B].

        Args:
            y_true: 1, 0, or -1 where there is no candidate, [B, N, O].
            y_pred: Logits, [B, N, O].
        """
        return masked_cross_entropy(y_true, y_pred) + self.listwise_weight * listwise_softmax(y_true, y_pred)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "listwise_weight": self.listwise_weight}
