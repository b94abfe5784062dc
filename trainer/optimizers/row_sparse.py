"""What row-sparse optimizers share: a step reads and writes only the rows that have a gradient."""

import abc
from typing import Any

import keras
import tensorflow as tf

from trainer.distribution.sharded_table import ShardedTable
from trainer.optimizers.row_gradients import Gradient, clip_gradients, sum_repeated_rows

# Each of these would read or write whole tables at every step.
DENSE_OPTIONS = ("weight_decay", "use_ema", "loss_scale_factor", "gradient_accumulation_steps")


class RowSparseOptimizer(keras.optimizers.Optimizer, abc.ABC):
    """A Keras optimizer that updates by rows where the gradient is a `tf.IndexedSlices`.

    A subclass gives one formula, `step`, and the names of its slots (state of the shape of the variable). For a dense
    gradient the formula runs on the whole variable; for a row-sparse one on the rows with a gradient, after the
    entries of each row have been added up. Rows without a gradient, and their slots, are neither read nor written.

    Gradients are summed over the replicas of a `tf.distribute` strategy *before* they are clipped, so that clipping
    gives what one device would give. (Keras clips first, which depends on the number of replicas.) Of a `ShardedTable`
    each replica updates its part by the part's own gradient, and has slots for that part alone.

    Works with `fit`, `steps_per_execution`, `MirroredStrategy` and `.keras` files, which hold the slots as well. XLA
    (`jit_compile=True`) makes a row-sparse step many times slower; a model with a `RowEmbedding` never uses it.

    Args:
        learning_rate: Float, `LearningRateSchedule` or callable.
        **options: Other arguments of `keras.optimizers.Optimizer`: `clipnorm`, `clipvalue`, `global_clipnorm`, `name`.

    Raises:
        ValueError: An option that cannot be kept sparse: `weight_decay`, `use_ema`, `gradient_accumulation_steps` or
            `loss_scale_factor` (use `RowSparseLossScaleOptimizer`).
    """

    def __init__(self, learning_rate: Any, **options: Any) -> None:
        for name in DENSE_OPTIONS:
            if options.get(name):
                raise ValueError(f"{name} is not supported by a row-sparse optimizer, got {options[name]}")
        super().__init__(learning_rate=learning_rate, **options)

    @property
    @abc.abstractmethod
    def initial_slots(self) -> dict[str, float]:
        """Name and initial value of each slot, in the order of `step`."""

    @abc.abstractmethod
    def step(
        self, gradient: tf.Tensor, slots: list[tf.Tensor], learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The optimizer's formula, element by element.

        Args:
            gradient: Gradient of a variable or of some of its rows.
            slots: Values of the slots, each of the shape of the gradient.
            learning_rate: Scalar of the dtype of the gradient.

        Returns:
            What to subtract from the variable, and the new values of the slots.
        """

    def build(self, variables: list[keras.Variable]) -> None:
        """Create the slots of each variable."""
        if self.built:
            return
        super().build(variables)
        initializers = [keras.initializers.Constant(value) for value in self.initial_slots.values()]
        self._slots = self.add_optimizer_variables(variables, list(self.initial_slots), initializers)

    def add_variable_from_reference(
        self, reference_variable: keras.Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> keras.Variable:
        """Create a slot; that of a `ShardedTable` is divided as the table is."""
        is_divided = isinstance(reference_variable, ShardedTable)
        reference = reference_variable.value if is_divided else reference_variable
        return super().add_variable_from_reference(reference, name=name, initializer=initializer)

    def update_step(self, gradient: Gradient, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Update one variable; a row-sparse gradient must not repeat a row."""
        index = self._get_variable_index(variable)
        slots = [_beside(slot[index].value, variable) for slot in self._slots]
        gradient = tf.cast(gradient, variable.dtype)
        learning_rate = tf.cast(learning_rate, variable.dtype)
        if isinstance(gradient, tf.IndexedSlices):
            self._update_rows(gradient, variable, slots, learning_rate)
        else:
            self._update_all(gradient, variable, slots, learning_rate)

    def _update_rows(
        self, gradient: tf.IndexedSlices, variable: tf.Variable, slots: list[tf.Variable], learning_rate: tf.Tensor
    ) -> None:
        rows = gradient.indices
        old = [tf.gather(slot, rows) for slot in slots]
        change, new = self.step(gradient.values, old, learning_rate)
        for slot, value in zip(slots, new, strict=True):
            self.assign(slot, tf.IndexedSlices(value, rows))
        self.assign_sub(variable, tf.IndexedSlices(change, rows))

    def _update_all(
        self, gradient: tf.Tensor, variable: tf.Variable, slots: list[tf.Variable], learning_rate: tf.Tensor
    ) -> None:
        change, new = self.step(gradient, [tf.convert_to_tensor(slot) for slot in slots], learning_rate)
        for slot, value in zip(slots, new, strict=True):
            self.assign(slot, value)
        self.assign_sub(variable, change)

    def _clip_gradients(self, gradients: list[Gradient]) -> list[Gradient]:
        # Keras calls this before the replicas are summed; the clipping is done after, in _backend_update_step.
        return gradients

    def _backend_update_step(
        self, gradients: list[Gradient], variables: list[keras.Variable], learning_rate: Any
    ) -> None:
        _check_constraints(gradients, variables)
        is_part = [isinstance(variable, ShardedTable) for variable in variables]
        summed = [sum_repeated_rows(gradient) for gradient in _sum_over_replicas(gradients, is_part)]
        clipped = clip_gradients(summed, self.clipnorm, self.clipvalue, self.global_clipnorm, is_part)
        tf.__internal__.distribute.interim.maybe_merge_call(
            self._distributed_tf_update_step,
            self._distribution_strategy,
            [(gradient, variable.value) for gradient, variable in zip(clipped, variables, strict=True)],
            learning_rate,
        )


def _sum_over_replicas(gradients: list[Gradient], is_part: list[bool]) -> list[Gradient]:
    """Sums over replicas; the gradient of a part of a `ShardedTable` is that of the whole batch as it is."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return gradients
    whole = [gradient for gradient, part in zip(gradients, is_part, strict=True) if not part]
    summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, whole) if whole else ())
    return [gradient if part else next(summed) for gradient, part in zip(gradients, is_part, strict=True)]


def _beside(slot: tf.Variable, variable: tf.Variable) -> tf.Variable:
    """The part of a distributed slot on the device of a variable: of the whole, single rows cannot be read."""
    parts = tf.distribute.get_strategy().experimental_local_results(slot)
    return next((part for part in parts if part.device == variable.device), slot)


def _check_constraints(gradients: list[Gradient], variables: list[keras.Variable]) -> None:
    for gradient, variable in zip(gradients, variables, strict=True):
        if isinstance(gradient, tf.IndexedSlices) and variable.constraint is not None:
            raise ValueError(f"{variable.path} has a constraint, which would read the whole table at every step")
