"""TensorFlow Serving's `--batching_parameters_file`: how large batches get and how long they wait."""

import os
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from serving.model_server.text_proto import message_class, read_text_proto

# Names and numbers of tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
_PROTO = """
name: "shoprank/batching_parameters.proto" package: "shoprank" syntax: "proto3"
message_type {
  name: "Int64Value" field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
}
message_type {
  name: "StringValue" field { name: "value" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
}
message_type {
  name: "BatchingParameters"
  field {
    name: "max_batch_size" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".shoprank.Int64Value"
  }
  field {
    name: "batch_timeout_micros" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL
    type_name: ".shoprank.Int64Value"
  }
  field {
    name: "max_enqueued_batches" number: 3 type: TYPE_MESSAGE label: LABEL_OPTIONAL
    type_name: ".shoprank.Int64Value"
  }
  field {
    name: "num_batch_threads" number: 4 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".shoprank.Int64Value"
  }
  field {
    name: "thread_pool_name" number: 5 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".shoprank.StringValue"
  }
  field { name: "allowed_batch_sizes" number: 6 type: TYPE_INT64 label: LABEL_REPEATED }
  field { name: "pad_variable_length_inputs" number: 7 type: TYPE_BOOL label: LABEL_OPTIONAL }
}
"""
_BatchingParameters: Any = message_class(_PROTO, "shoprank.BatchingParameters")
_SMALLEST = {"max_batch_size": 1, "batch_timeout_micros": 0, "max_enqueued_batches": 1, "num_batch_threads": 1}


@dataclass(frozen=True)
class BatchingParameters:
    """When requests are joined; defaults as in TensorFlow Serving.

    Attributes:
        max_batch_size: Most rows of a batch, and of one request.
        batch_timeout_micros: Longest time, in microseconds, that a request waits for others to join it while other
            batches run. When nothing runs, none waits.
        max_enqueued_batches: Most batches of one kind that wait; further requests get UNAVAILABLE.
        num_batch_threads: Most batches that run at a time; one a core by default.
        allowed_batch_sizes: Sizes that a batch is padded to, ascending, the last one `max_batch_size`; empty for any.
        pad_variable_length_inputs: Whether requests of different widths are padded to the widest and joined.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False

    def padded_size(self, rows: int) -> int:
        """Return the number of rows that a batch of so many rows runs with."""
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


def read_batching_parameters(file: Path | None) -> BatchingParameters:
    """Read the parameters; all defaults without a file.

    Args:
        file: Text form of a `BatchingParameters` message. `thread_pool_name` is allowed and names nothing here.

    Raises:
        ValueError: The file cannot be read, has an unknown field or a value that makes no sense; one line with file
            and field.
    """
    if file is None:
        return BatchingParameters()
    message = read_text_proto(file, _BatchingParameters())
    given: dict[str, Any] = {}
    for name, smallest in _SMALLEST.items():
        if message.HasField(name):
            given[name] = getattr(message, name).value
            if given[name] < smallest:
                raise ValueError(f"{file}: {name}: must be at least {smallest}, is {given[name]}")
    parameters = BatchingParameters(
        **given,
        allowed_batch_sizes=tuple(message.allowed_batch_sizes),
        pad_variable_length_inputs=message.pad_variable_length_inputs,
    )
    _check_allowed_batch_sizes(file, parameters)
    return parameters


def _check_allowed_batch_sizes(file: Path, parameters: BatchingParameters) -> None:
    sizes = parameters.allowed_batch_sizes
    if not sizes:
        return
    if sizes[0] < 1 or any(later <= earlier for earlier, later in pairwise(sizes)):
        raise ValueError(f"{file}: allowed_batch_sizes: must be above 0 and ascending, is {list(sizes)}")
    if sizes[-1] != parameters.max_batch_size:
        raise ValueError(
            f"{file}: allowed_batch_sizes: the last entry must be max_batch_size {parameters.max_batch_size}, "
            f"is {sizes[-1]}"
        )
