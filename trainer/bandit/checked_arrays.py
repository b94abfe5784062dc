"""Numbers and arrays that come from outside, checked before they are used."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Strings = NDArray[np.object_]


def finite_array(name: str, values: Any, shape: tuple[int | None, ...]) -> Array:
    """The values as float64, checked; None in `shape` allows any length.

    Raises:
        ValueError: The values are not numbers, not finite or not of that shape; the message starts with `name`.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: not an array of numbers") from error
    fits = array.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, array.shape, strict=True))
    if not fits:
        expected = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name}: expected shape [{expected}], got {list(array.shape)}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: holds a value that is not finite")
    return array


def weights_of_rows(weights: Any, rows: int) -> Array:
    """What each of the rows counts, [rows] float64; None counts every row once.

    Raises:
        ValueError: A weight is not finite or negative, or their number is not that of the rows.
    """
    if weights is None:
        return np.ones(rows)
    weight = finite_array("weights", weights, (rows,))
    if (weight < 0).any():
        raise ValueError(f"weights: row {int(np.argmax(weight < 0))} is negative")
    return weight


def string_array(name: str, values: Sequence[str] | Strings, length: int | None = None) -> Strings:
    """The values as an object array of `str`, checked; None allows any length.

    Raises:
        ValueError: A value is not a string, or their number is not `length`; the message starts with `name`.
    """
    array = np.asarray(values, dtype=object)
    if array.ndim != 1 or length not in (None, array.size):
        expected = "any" if length is None else str(length)
        raise ValueError(f"{name}: expected shape [{expected}], got {list(array.shape)}")
    if strange := set(map(type, array)) - {str, np.str_}:
        raise ValueError(f"{name}: expected strings, got {min(kind.__name__ for kind in strange)}")
    return array


def positive_number(name: str, value: float) -> float:
    """The value itself, checked.

    Raises:
        ValueError: It is not positive or not finite.
    """
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name}: must be positive and finite, got {value}")
    return float(value)
