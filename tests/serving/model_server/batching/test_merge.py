"""Rows are stacked, padded, and come back to whom they belong."""

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.model_server.batching.merge import count_rows, merge_inputs, split_outputs
from serving.model_server.errors import RequestError

SIZES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5)


def texts(*rows):
    return np.array(rows, dtype=object)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(0, 3), st.sampled_from([np.float32, np.int64, np.bool_, object]))
def test_merged_rows_come_back_when_split(sizes, padding, dtype):
    total = 0
    requests = []
    for rows, width in sizes:
        values = np.arange(total, total + rows * width).reshape(rows, width)
        requests.append(
            {"x": values.astype(str).astype("S").astype(object) if dtype is object else values.astype(dtype)}
        )
        total += rows * width
    counts = [rows for rows, _ in sizes]
    rows = sum(counts) + padding
    merged = merge_inputs(requests, rows)
    assert merged["x"].shape == (rows, max(width for _, width in sizes))
    assert merged["x"].dtype == dtype
    if sum(counts):
        assert (merged["x"][sum(counts) :] == merged["x"][0]).all()
    for request, back in zip(requests, split_outputs(merged, counts, rows), strict=True):
        width = request["x"].shape[1]
        np.testing.assert_array_equal(back["x"][:, :width], request["x"])
        assert not back["x"][:, width:].any()


def test_texts_are_padded_with_the_empty_text():
    merged = merge_inputs([{"x": texts([b"a"])}, {"x": texts([b"b", b"c"])}], 3)
    assert merged["x"].tolist() == [[b"a", b""], [b"b", b"c"], [b"a", b""]]


def test_fixed_width_texts_are_not_cut():
    merged = merge_inputs([{"x": np.array([b"a"])}, {"x": np.array([b"long"])}], 2)
    assert merged["x"].tolist() == [b"a", b"long"]


def test_one_request_that_fills_the_batch_is_not_copied():
    array = np.zeros((2, 3))
    assert merge_inputs([{"x": array}], 2)["x"] is array


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "Batching session Run() must have at least one input tensor"),
        (
            {"x": np.zeros(2), "s": np.float32(1)},
            "Batching session Run() input tensors must have at least one dimension: input s has none",
        ),
        (
            {"x": np.zeros(2), "y": np.zeros((3, 2))},
            "Batching session Run() input tensors must have equal 0th-dimension size: x 2, y 3",
        ),
    ],
)
def test_inputs_without_common_rows_are_invalid(inputs, message):
    with pytest.raises(RequestError) as error:
        count_rows(inputs)
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.INVALID_ARGUMENT, message)
    assert count_rows({"x": np.zeros((3, 1)), "y": np.zeros(3)}) == 3


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (np.float32(1), "Batched output tensor has 0 dimensions: output y"),
        (b"text", "Batched output tensor has 0 dimensions: output y"),
        (
            np.zeros((2, 5)),
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input "
            "tensors: output y has shape [2, 5], the batch has 3 rows",
        ),
    ],
)
def test_an_output_that_is_not_the_batchs_is_refused(output, message):
    with pytest.raises(RequestError) as error:
        split_outputs({"x": np.zeros(3), "y": output}, [1, 2], 3)
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.FAILED_PRECONDITION, message)
