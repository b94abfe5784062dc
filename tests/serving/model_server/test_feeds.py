"""What does not fit a graph's input is refused: fed, it could end the process."""

import grpc
import numpy as np
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.feeds import Feed, check_feeds, read_feeds

FEEDS = {
    "ids": Feed("ids", np.dtype(object), (None, None)),
    "x": Feed("x", np.dtype(np.float32), (None, 2)),
    "any": Feed("any", np.dtype(np.int64), None),
}
GOOD = {"x": np.ones((3, 2), np.float32), "ids": np.array([["a"]]), "any": np.array(1)}


def test_arrays_that_fit_come_in_the_order_of_the_feeds():
    arrays = check_feeds(FEEDS, GOOD)
    assert list(arrays) == list(FEEDS)
    assert arrays["x"] is GOOD["x"]
    assert check_feeds(FEEDS, GOOD | {"ids": np.array([[b"a"]], object), "any": np.array([1, 2])})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": np.ones((3, 2))}, "input x is float64, float32 is expected"),
        ({"ids": np.ones((1, 1))}, "input ids is float64, object is expected"),
        ({"any": np.array("1")}, "input any is <U1, int64 is expected"),
        ({"x": np.ones((3, 3), np.float32)}, "input x has shape [3, 3], [?, 2] is expected"),
        ({"x": np.ones(2, np.float32)}, "input x has shape [2], [?, 2] is expected"),
        ({"ids": np.array("a")}, "input ids has shape [], [?, ?] is expected"),
        ({"y": np.ones(1)}, "input y is missing or unknown; the signature takes ids, x, any"),
    ],
)
def test_arrays_that_do_not_fit_are_named(inputs, message):
    with pytest.raises(RequestError) as error:
        check_feeds(FEEDS, GOOD | inputs)
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.INVALID_ARGUMENT, message)


def test_feeds_are_read_from_a_signature():
    import tensorflow as tf
    from tensorflow.core.protobuf import meta_graph_pb2

    signature = meta_graph_pb2.SignatureDef()
    signature.inputs["x"].dtype = tf.float32.as_datatype_enum
    signature.inputs["x"].tensor_shape.CopyFrom(tf.TensorShape([None, 2]).as_proto())
    signature.inputs["ids"].dtype = tf.string.as_datatype_enum
    signature.inputs["ids"].tensor_shape.unknown_rank = True
    feeds = {"ids": Feed("ids", np.dtype(object), None), "x": FEEDS["x"]}
    assert read_feeds(signature) == feeds
    assert list(read_feeds(signature)) == ["ids", "x"]
