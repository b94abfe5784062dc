"""Keras 3 optimizers whose cost of a step depends on the rows touched, not on the table (TensorFlow backend)."""

from trainer.optimizers.adagrad import RowSparseAdagrad
from trainer.optimizers.lazy_adam import LazyAdam
from trainer.optimizers.loss_scale import RowSparseLossScaleOptimizer

__all__ = ["LazyAdam", "RowSparseAdagrad", "RowSparseLossScaleOptimizer"]
