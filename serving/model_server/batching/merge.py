"""Rows of several requests put into one set of arrays, and the answers taken apart again."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from serving.model_server.errors import RequestError, invalid_argument

Arrays = Mapping[str, NDArray[Any]]


def count_rows(inputs: Arrays) -> int:
    """Return the size of dimension 0, which all inputs share.

    Raises:
        RequestError: INVALID_ARGUMENT without an input, for an input without dimensions, and for unequal sizes.
    """
    if not inputs:
        raise invalid_argument("Batching session Run() must have at least one input tensor")
    for name, array in inputs.items():
        if array.ndim == 0:
            raise invalid_argument(
                f"Batching session Run() input tensors must have at least one dimension: input {name} has none"
            )
    sizes = {name: array.shape[0] for name, array in inputs.items()}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} {size}" for name, size in sorted(sizes.items()))
        raise invalid_argument(f"Batching session Run() input tensors must have equal 0th-dimension size: {found}")
    return next(iter(sizes.values()))


def merge_inputs(requests: Sequence[Arrays], rows: int) -> dict[str, NDArray[Any]]:
    """Stack the inputs of requests along dimension 0.

    Narrower arrays are padded with '' or 0 to the widest, and the first row is repeated until there are `rows`.

    Args:
        requests: Inputs of each request; the arrays of one name have equal rank and dtype.
        rows: Number of rows to return, at least those of the requests together.
    """
    return {name: _stack([inputs[name] for inputs in requests], rows) for name in requests[0]}


def split_outputs(outputs: Arrays, sizes: Sequence[int], rows: int) -> list[dict[str, NDArray[Any]]]:
    """Return each request's rows of every output; what was padded is left out.

    Args:
        outputs: What the graph gave for `rows` rows.
        sizes: Rows of each request.
        rows: Rows that the graph was run with.

    Raises:
        RequestError: FAILED_PRECONDITION, as in TensorFlow Serving, for an output whose dimension 0 is not the
            batch's: it cannot be said which rows are whose.
    """
    arrays = {name: np.asarray(array) for name, array in outputs.items()}
    for name, array in arrays.items():
        _check_output(name, array.shape, rows)
    starts = np.cumsum([0, *sizes])
    return [{name: array[start:stop] for name, array in arrays.items()} for start, stop in pairwise(starts)]


def _stack(arrays: Sequence[NDArray[Any]], rows: int) -> NDArray[Any]:
    if len(arrays) == 1 and len(arrays[0]) == rows:
        return arrays[0]
    width = tuple(max(sizes) for sizes in zip(*[array.shape[1:] for array in arrays], strict=True))
    if arrays[0].dtype.kind in "OSU":
        stacked = np.full((rows, *width), b"", object)
    else:
        stacked = np.zeros((rows, *width), arrays[0].dtype)
    start = 0
    for array in arrays:
        stop = start + len(array)
        region = (slice(start, stop), *map(slice, array.shape[1:]))
        stacked[region] = array
        start = stop
    if start:
        stacked[start:] = stacked[0]
    return stacked


def _check_output(name: str, shape: tuple[int, ...], rows: int) -> None:
    if not shape:
        message = f"Batched output tensor has 0 dimensions: output {name}"
        raise RequestError(grpc.StatusCode.FAILED_PRECONDITION, message)
    if shape[0] != rows:
        message = (
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input "
            f"tensors: output {name} has shape {list(shape)}, the batch has {rows} rows"
        )
        raise RequestError(grpc.StatusCode.FAILED_PRECONDITION, message)
