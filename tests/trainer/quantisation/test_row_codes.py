import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from trainer.quantisation.row_codes import LARGEST_CODE, dequantise_rows, quantise_rows

tables = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=3, max_side=6),
    elements=st.floats(-1e6, 1e6, width=32),
)


@settings(derandomize=True, deadline=None)
@given(tables)
def test_no_value_is_off_by_more_than_half_a_step(values: np.ndarray) -> None:
    rows = quantise_rows(values)
    per_row = rows.scales.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float64)
    assert (np.abs(dequantise_rows(rows) - values.astype(np.float64)) <= per_row * 0.5 * (1 + 1e-5)).all()
    assert rows.codes.dtype == np.int8
    assert rows.scales.dtype == np.float32
    assert np.abs(rows.codes.astype(int)).max() <= LARGEST_CODE


@settings(derandomize=True, deadline=None)
@given(tables)
def test_what_was_quantised_is_quantised_to_itself(values: np.ndarray) -> None:
    once = dequantise_rows(quantise_rows(values))
    np.testing.assert_array_equal(quantise_rows(once).codes, quantise_rows(values).codes)


def test_each_row_has_its_own_scale() -> None:
    rows = quantise_rows(np.array([[1.27, -0.01, 0.0], [-254.0, 3.0, 127.0]]))
    np.testing.assert_array_equal(rows.codes, [[127, -1, 0], [-127, 2, 64]])
    np.testing.assert_allclose(rows.scales, [0.01, 2.0], rtol=1e-6)


def test_zeros_stay_zeros() -> None:
    rows = quantise_rows(np.zeros((2, 3), np.float32))
    np.testing.assert_array_equal(dequantise_rows(rows), np.zeros((2, 3)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="^values: row 1 has a value that is not finite$"):
        quantise_rows(np.array([[0.0, 1.0], [value, 1.0]]))
