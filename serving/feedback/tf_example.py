"""Rows of the log as `tf.Example` messages, without TensorFlow.

Field numbers and types of the messages are those of TensorFlow's `example.proto` and `feature.proto`, so the bytes are
the same. They live in a descriptor pool of their own and never clash with TensorFlow's classes in the same process.
"""

from collections.abc import Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError

from serving.feedback.schema import Column, Row

_PROTO = """
name: "shoprank/feedback.proto" package: "shoprank" syntax: "proto3"
message_type { name: "BytesList" field { name: "value" number: 1 type: TYPE_BYTES label: LABEL_REPEATED } }
message_type { name: "FloatList" field { name: "value" number: 1 type: TYPE_FLOAT label: LABEL_REPEATED } }
message_type { name: "Int64List" field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_REPEATED } }
message_type {
  name: "Feature"
  field { name: "bytes_list" number: 1 type: TYPE_MESSAGE type_name: ".shoprank.BytesList" oneof_index: 0 }
  field { name: "float_list" number: 2 type: TYPE_MESSAGE type_name: ".shoprank.FloatList" oneof_index: 0 }
  field { name: "int64_list" number: 3 type: TYPE_MESSAGE type_name: ".shoprank.Int64List" oneof_index: 0 }
  oneof_decl { name: "kind" }
}
message_type {
  name: "Features"
  field {
    name: "feature" number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED type_name: ".shoprank.Features.FeatureEntry"
  }
  nested_type {
    name: "FeatureEntry"
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".shoprank.Feature" }
    options { map_entry: true }
  }
}
message_type {
  name: "Example"
  field { name: "features" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".shoprank.Features" }
}
"""


def _example_class() -> Any:
    pool = descriptor_pool.DescriptorPool()
    file = text_format.Parse(_PROTO, descriptor_pb2.FileDescriptorProto())
    pool.AddSerializedFile(file.SerializeToString())
    descriptor = pool.FindMessageTypeByName("shoprank.Example")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # Protocol Buffers 3.20, which TensorFlow 2.16's companions need, has only the older name.
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


Example = _example_class()
_LISTS = {"string": "bytes_list", "int64": "int64_list", "float": "float_list", "double": "float_list"}
"""Kind of a column -> the list of a feature that holds it. `tf.Example` has no 64-bit numbers: they become 32-bit."""


def encode(columns: Sequence[Column], row: Row) -> bytes:
    """Serialize a row; a column is the feature of its name, a single value a list of one."""
    example = Example()
    for column in columns:
        values = row[column.name] if column.is_list else [row[column.name]]
        holder = getattr(example.features.feature[column.name], _LISTS[column.kind])
        # An empty list is a value, an absent one is not.
        holder.SetInParent()
        holder.value.extend([value.encode("utf-8") for value in values] if column.kind == "string" else values)
    data: bytes = example.SerializeToString(deterministic=True)
    return data


def decode(columns: Sequence[Column], data: bytes) -> Row:
    """Read a serialized row; a column without a feature, or with an empty one in place of a single value, is None.

    Raises:
        ValueError: Not a `tf.Example`, or a feature is not of its column's type.
    """
    example = Example()
    try:
        example.ParseFromString(data)
    except DecodeError as error:
        raise ValueError("it is no tf.Example") from error
    features = example.features.feature
    return {column.name: _value(column, features[column.name]) for column in columns}


def _value(column: Column, feature: Any) -> Any:
    kind = feature.WhichOneof("kind")
    if kind is None:
        return None
    if kind != _LISTS[column.kind]:
        raise ValueError(f"{column.name} is a {kind}, a {_LISTS[column.kind]} is needed")
    values = list(getattr(feature, kind).value)
    if column.kind == "string":
        values = [value.decode("utf-8") for value in values]
    if column.is_list:
        return values
    if len(values) > 1:
        raise ValueError(f"{column.name} has {len(values)} values, one is needed")
    return values[0] if values else None
