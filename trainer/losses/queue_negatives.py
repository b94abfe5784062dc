"""Cross-batch negatives: the targets of the last batches."""

import keras
from keras import ops

from trainer.distribution.replicas import gather_replicas
from trainer.losses.candidates import Candidates, Embed
from trainer.losses.negative_source import NegativeSource, require_positive


@keras.saving.register_keras_serializable(package="shoprank")
class QueueNegatives(NegativeSource):
    """A first-in, first-out queue of the last targets and their vectors as they were then.

    Many negatives for the price of a matrix product: nothing is embedded again, and no gradient flows into the
    queue. Vectors drift slowly after the first steps, so old ones still serve (Wang, Zhang, Huang and Scott 2020,
    "Cross-batch memory for embedding learning", section 3; Wang, Zhu and He 2021, "Cross-batch negative sampling for
    training two-tower recommenders", section 3.2, which also corrects queued items by log Q).

    A batch sees the queue as the batches before it left it; only training adds to it, and padding never enters.
    Under a distribution strategy the targets of all replicas enter.

    Args:
        size: Targets that the queue holds, M.

    Raises:
        ValueError: `size` is below 1.
    """

    def __init__(self, size: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.size = require_positive("size", size)

    def build(self, queries_shape: tuple[int | None, ...]) -> None:
        """Create an empty queue for vectors of length `queries_shape[-1]`: the oldest target first, -1 where empty."""

        def memory(name: str, shape: tuple[int | None, ...], dtype: str, value: int) -> keras.Variable:
            initial = keras.initializers.Constant(value)
            replicas = {"aggregation": "only_first_replica"}
            return self.add_weight(
                name=name, shape=shape, dtype=dtype, initializer=initial, trainable=False, autocast=False, **replicas
            )

        self.vectors = memory("vectors", (self.size, queries_shape[-1]), "float32", 0)
        self.rows = memory("rows", (self.size,), "int32", -1)
        self.log_q = memory("log_q", (self.size,), "float32", 0)

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
        """The queued targets, before those of this batch enter. Arguments as in `NegativeSource.call`."""
        memory = (self.vectors, self.rows, self.log_q)
        queued = Candidates(*(ops.stop_gradient(ops.convert_to_tensor(weight)) for weight in memory))
        if training:
            # A weight of PyTorch changes in place, and what was read of it with it.
            queued = Candidates(*(ops.copy(values) for values in queued))
            for weight, value in zip(memory, self._append(queued, targets, weights), strict=True):
                weight.assign(value)
        return queued

    def _append(self, queued: Candidates, targets: Candidates, weights: keras.KerasTensor) -> Candidates:
        rows = ops.where(weights > 0, ops.cast(targets.rows, "int32"), -1)
        new = Candidates(
            ops.stop_gradient(ops.cast(targets.vectors, "float32")), rows, ops.cast(targets.log_q, "float32")
        )
        entering = Candidates(*(gather_replicas(values) for values in new))
        joined = [ops.concatenate(pair) for pair in zip(queued, entering, strict=True)]
        filled = joined[1] >= 0
        count = ops.shape(filled)[0]
        # Empty slots first, then the targets from the oldest to the newest: the end of that order is the new queue.
        age = ops.arange(count, dtype="int32") + count * ops.cast(filled, "int32")
        kept = ops.argsort(age)[-self.size :]
        return Candidates(*(ops.take(values, kept, axis=0) for values in joined))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
