"""Arrays survive the way through a TensorProto, and TensorFlow reads and writes the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from serving.messages import TensorProto
from serving.tensors import MOST_FILLED, to_array, to_tensor, write_tensor

SHAPES = hypothesis_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
NUMBERS = st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.bool_])
ARRAYS = st.one_of(
    NUMBERS.flatmap(lambda dtype: hypothesis_numpy.arrays(dtype, SHAPES)),
    hypothesis_numpy.arrays(object, SHAPES, elements=st.binary(max_size=4)),
)


@settings(max_examples=60, deadline=None)
@given(ARRAYS)
def test_round_trip(array):
    back = to_array(TensorProto.FromString(to_tensor(array).SerializeToString()))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@settings(max_examples=60, deadline=None)
@given(ARRAYS)
def test_tensorflow_reads_ours_and_we_read_tensorflows(array):
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2

    theirs = tensor_pb2.TensorProto.FromString(to_tensor(array).SerializeToString())
    np.testing.assert_array_equal(tf.make_ndarray(theirs), array)
    dtype = tf.string if array.dtype == object else tf.as_dtype(array.dtype)
    ours = TensorProto.FromString(tf.make_tensor_proto(array, dtype).SerializeToString())
    np.testing.assert_array_equal(to_array(ours), array)


def test_tensorflows_own_message_can_be_filled():
    from tensorflow.core.framework import tensor_pb2

    proto = tensor_pb2.TensorProto()
    write_tensor(np.array([[1.5, -2.0]], np.float32), proto)
    assert list(proto.float_val) == [1.5, -2.0]
    assert proto.tensor_content == b""
    assert to_array(proto).tolist() == [[1.5, -2.0]]


def test_text_is_written_as_utf8():
    assert list(to_tensor(np.array(["Käse", "茶"])).string_val) == ["Käse".encode(), "茶".encode()]


def test_a_short_list_repeats_its_last_value_and_an_empty_one_is_zeros():
    proto = to_tensor(np.array([1, 2], np.int32))
    proto.tensor_shape.dim[0].size = 4
    assert to_array(proto).tolist() == [1, 2, 2, 2]
    del proto.int_val[:]
    assert to_array(proto).tolist() == [0, 0, 0, 0]


def test_a_tensor_is_filled_up_to_a_bound():
    proto = to_tensor(np.array([b"x"], dtype=object))
    proto.tensor_shape.dim[0].size = MOST_FILLED
    assert to_array(proto)[-1] == b"x"
    proto.tensor_shape.dim[0].size = MOST_FILLED + 1
    with pytest.raises(ValueError, match="holds 4194305 values, only 1 are given"):
        to_array(proto)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([1, 2, 3, 7, 9, 10]),
    st.lists(st.integers(0, 1 << 63), max_size=3).map(lambda sizes: [min(size, (1 << 63) - 1) for size in sizes]),
    st.binary(max_size=24),
    st.lists(st.just(1), max_size=3),
)
def test_any_message_is_read_or_refused_at_once(dtype, sizes, content, values):
    field = {1: "float_val", 2: "double_val", 3: "int_val", 7: "string_val", 9: "int64_val", 10: "bool_val"}[dtype]
    proto = _proto(dtype, sizes, tensor_content=content)
    getattr(proto, field).extend([b"x"] * len(values) if dtype == 7 else values)
    try:
        array = to_array(proto)
    except ValueError:
        return
    assert list(array.shape) == sizes
    assert array.size <= MOST_FILLED


def _proto(dtype, sizes, **fields):
    proto = TensorProto(dtype=dtype, **fields)
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (_proto(21, [1]), "a tensor of dtype code 21 cannot be read"),
        (_proto(3, [1], int_val=[1, 2]), "a tensor of shape [1] holds 1 values, 2 are given"),
        (_proto(3, [-1], int_val=[1]), "a tensor with values must have a shape without unknown dimensions"),
        (_proto(1, [1], tensor_content=b"\0\0\0"), "tensor_content of 3 bytes is cut off"),
        (_proto(1, [2], tensor_content=b"\0\0\0\0"), "a tensor of shape [2] holds 2 values, 1 are given"),
        (_proto(1, [0], tensor_content=b"\0\0\0\0"), "a tensor of shape [0] holds 0 values, 1 are given"),
        (
            _proto(7, [1 << 40, 3], string_val=[b"x"]),
            "a tensor of shape [1099511627776, 3] holds 3298534883328 values, only 1 are given",
        ),
        (
            _proto(1, [1 << 62, 1 << 62], float_val=[1.0]),
            f"a tensor of shape [{1 << 62}, {1 << 62}] holds {1 << 124} values, only 1 are given",
        ),
        (_proto(3, [1] * 40, int_val=[1]), "a tensor has at most 32 dimensions, 40 are given"),
    ],
)
def test_tensors_that_cannot_be_read(proto, message):
    with pytest.raises(ValueError) as error:
        to_array(proto)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1 + 2j]), "an array of type complex128 cannot be sent as a tensor"),
        (np.array(["a", None], dtype=object), "a string tensor holds str or bytes, not NoneType"),
    ],
)
def test_arrays_that_cannot_be_sent(array, message):
    with pytest.raises(ValueError) as error:
        to_tensor(array)
    assert str(error.value) == message
