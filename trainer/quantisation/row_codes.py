"""Rows of numbers in one byte a value."""

from typing import NamedTuple

import numpy as np

LARGEST_CODE = 127
"""Codes go from -127 to 127: symmetric, so that 0 stays 0."""


class RowCodes(NamedTuple):
    """Quantised rows.

    Attributes:
        codes: int8, the shape of the values.
        scales: What a code of 1 is worth in each row, float32 [N].
    """

    codes: np.ndarray
    scales: np.ndarray


def quantise_rows(values: np.ndarray) -> RowCodes:
    """Row-wise symmetric quantisation: s_i = max_j |x_ij| / 127 and c_ij = round(x_ij / s_i).

    Then |x_ij - s_i c_ij| <= s_i / 2. A row of zeros has the scale 1 and stays what it is. This is the quantisation of
    weights of Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
    inference", section 3, with the zero point 0 and a range of its own for each row.

    Args:
        values: float [N, ...]; the values of a row are all those behind its first axis.

    Raises:
        ValueError: A value is not finite.
    """
    flat = np.asarray(values, np.float32).reshape(len(values), -1)
    if not np.isfinite(flat).all():
        row = int(np.flatnonzero(~np.isfinite(flat).all(axis=1))[0])
        raise ValueError(f"values: row {row} has a value that is not finite")
    largest = np.abs(flat).max(axis=1, initial=0.0)
    # Values so small that their step is no float32 are zeros.
    scales = np.where(largest > np.finfo(np.float32).tiny * LARGEST_CODE, largest / LARGEST_CODE, 1.0)
    scales = scales.astype(np.float32)
    codes = np.clip(np.rint(flat / scales[:, np.newaxis]), -LARGEST_CODE, LARGEST_CODE)
    return RowCodes(codes.astype(np.int8).reshape(np.shape(values)), scales)


def dequantise_rows(rows: RowCodes) -> np.ndarray:
    """The values that codes stand for, s_i c_ij; float32, the shape of the codes."""
    per_row = rows.scales.reshape(-1, *[1] * (rows.codes.ndim - 1))
    return rows.codes.astype(np.float32) * per_row
