import keras
import numpy as np
import pytest

from trainer.losses import NegativeSource
from trainer.losses.negative_source import require_positive


def test_a_source_computes_in_float32_whatever_the_policy() -> None:
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert NegativeSource().compute_dtype == "float32"
        assert NegativeSource(dtype="bfloat16").compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy(previous)


def test_a_source_draws_training_targets_unless_it_says_otherwise() -> None:
    log_q = np.log([0.1, 0.9])
    assert NegativeSource().log_probability(log_q) is log_q


def test_a_source_without_call_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="NegativeSource has no call method"):
        NegativeSource().call(None, None, None, embed=None)


def test_a_count_below_one_is_refused() -> None:
    assert require_positive("count", 1) == 1
    with pytest.raises(ValueError, match="^count must be at least 1, got 0$"):
        require_positive("count", 0)
