"""Calls of signatures with their answers, on disk; read without anything but TensorFlow."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

CALLS_FILE = "export_calls.tfrecord"
"""In the folder of the ranker's training: what the model answered before it was saved."""

_SIGNATURE, _INPUT, _OUTPUT = "signature", "input/", "output/"

Arrays = dict[str, np.ndarray]
Function = Callable[..., Mapping[str, tf.Tensor]]


class RecordedCall(NamedTuple):
    """One call.

    Attributes:
        signature: Its name.
        inputs: Arrays by name.
        outputs: What came back.
    """

    signature: str
    inputs: Arrays
    outputs: Arrays

    @property
    def batch(self) -> int:
        """Rows of the call."""
        return len(next(iter(self.inputs.values())))


@contextmanager
def unoptimized() -> Iterator[None]:
    """Functions that are called for the first time inside are run as they are.

    To rewrite the graph of a signature takes seconds; to ask it a few times takes milliseconds.
    """
    option = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(option, False)
    tf.config.optimizer.set_experimental_options({option: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({option: before})


def record_calls(functions: Mapping[str, Function], requests: Iterable[tuple[str, Arrays]], path: Path) -> None:
    """Ask functions and write down what they say.

    Args:
        functions: By signature.
        requests: Signature and inputs of each call.
        path: File to write; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer, unoptimized():
        for signature, inputs in requests:
            outputs = functions[signature](**{name: tf.constant(values) for name, values in inputs.items()})
            example = tf.train.Example()
            example.features.feature[_SIGNATURE].bytes_list.value.append(signature.encode())
            arrays = {f"{_INPUT}{name}": values for name, values in inputs.items()}
            arrays |= {f"{_OUTPUT}{name}": values.numpy() for name, values in outputs.items()}
            for name, values in arrays.items():
                encoded = tf.make_tensor_proto(values).SerializeToString()
                example.features.feature[name].bytes_list.value.append(encoded)
            writer.write(example.SerializeToString())


def read_calls(path: Path) -> Iterator[RecordedCall]:
    """Read what `record_calls` wrote."""
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        values = {name: feature.bytes_list.value[0] for name, feature in features.items()}
        signature = values.pop(_SIGNATURE).decode()
        arrays = {name: tf.make_ndarray(tensor_pb2.TensorProto.FromString(value)) for name, value in values.items()}
        yield RecordedCall(signature, _part(arrays, _INPUT), _part(arrays, _OUTPUT))


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
