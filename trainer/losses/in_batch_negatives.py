"""In-batch negatives: the targets of the other queries."""

import keras
from keras import ops

from trainer.distribution.replicas import gather_replicas
from trainer.losses.candidates import Candidates, Embed
from trainer.losses.negative_source import NegativeSource


@keras.saving.register_keras_serializable(package="shoprank")
class InBatchNegatives(NegativeSource):
    """Every target of the batch is a negative of the queries that have another target.

    They cost nothing: the item tower embeds them anyway (Yi et al. 2019, "Sampling-bias-corrected neural modeling
    for large corpus item recommendations", section 3). An item is drawn with its share of the training targets. On
    several replicas the batch is that of all of them: the vectors are exchanged.
    """

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """There are no weights."""

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
        """The targets; padding is no candidate. Arguments as in `NegativeSource.call`."""
        own = targets._replace(rows=ops.where(weights > 0, ops.cast(targets.rows, "int32"), -1))
        return Candidates(*(gather_replicas(values) for values in own))
