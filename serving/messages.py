"""TensorFlow Serving's messages without TensorFlow: the part of its wire format that the client uses.

`tensorflow_serving.apis` imports TensorFlow, which takes seconds. The classes here are built from the tables below:
field numbers and types are those of the `.proto` files of TensorFlow and TensorFlow Serving, so the bytes are the same.
They live in a descriptor pool of their own and never clash with TensorFlow's classes in the same process.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "shoprank"

# A field is "number type" or "number type oneof"; the type may be preceded by `repeated` or `map` (string keys).
# Enums are int32 here: the bytes are the same and the codes need no second table.
_TABLES: dict[str, dict[str, str]] = {
    "Dimension": {"size": "1 int64", "name": "2 string"},
    "TensorShapeProto": {"dim": "2 repeated Dimension", "unknown_rank": "3 bool"},
    "TensorProto": {
        "dtype": "1 int32",
        "tensor_shape": "2 TensorShapeProto",
        "tensor_content": "4 bytes",
        "float_val": "5 repeated float",
        "double_val": "6 repeated double",
        "int_val": "7 repeated int32",
        "string_val": "8 repeated bytes",
        "int64_val": "10 repeated int64",
        "bool_val": "11 repeated bool",
    },
    "Int64Value": {"value": "1 int64"},
    "ModelSpec": {
        "name": "1 string",
        "version": "2 Int64Value version_choice",
        "version_label": "4 string version_choice",
        "signature_name": "3 string",
    },
    "PredictRequest": {
        "model_spec": "1 ModelSpec",
        "inputs": "2 map TensorProto",
        "output_filter": "3 repeated string",
    },
    "PredictResponse": {"outputs": "1 map TensorProto", "model_spec": "2 ModelSpec"},
    "TensorInfo": {"name": "1 string encoding", "dtype": "2 int32", "tensor_shape": "3 TensorShapeProto"},
    "SignatureDef": {"inputs": "1 map TensorInfo", "outputs": "2 map TensorInfo", "method_name": "3 string"},
    "SignatureDefMap": {"signature_def": "1 map SignatureDef"},
    "Any": {"type_url": "1 string", "value": "2 bytes"},
    "GetModelMetadataRequest": {"model_spec": "1 ModelSpec", "metadata_field": "2 repeated string"},
    "GetModelMetadataResponse": {"model_spec": "1 ModelSpec", "metadata": "2 map Any"},
    "StatusProto": {"error_code": "1 int32", "error_message": "2 string"},
    "ModelVersionStatus": {"version": "1 int64", "state": "2 int32", "status": "3 StatusProto"},
    "GetModelStatusRequest": {"model_spec": "1 ModelSpec"},
    "GetModelStatusResponse": {"model_version_status": "1 repeated ModelVersionStatus"},
    "LogCollectorConfig": {"type": "1 string", "filename_prefix": "2 string"},
    "SamplingConfig": {"sampling_rate": "1 double", "attributes": "2 int32"},
    "LoggingConfig": {"log_collector_config": "1 LogCollectorConfig", "sampling_config": "2 SamplingConfig"},
    "Latest": {"num_versions": "1 uint32"},
    "All": {},
    "Specific": {"versions": "1 repeated int64"},
    "ServableVersionPolicy": {
        "latest": "100 Latest policy_choice",
        "all": "101 All policy_choice",
        "specific": "102 Specific policy_choice",
    },
    "ModelConfig": {
        "name": "1 string",
        "base_path": "2 string",
        "model_platform": "4 string",
        "model_version_policy": "7 ServableVersionPolicy",
        "version_labels": "8 map int64",
        "logging_config": "6 LoggingConfig",
    },
    "ModelConfigList": {"config": "1 repeated ModelConfig"},
    "ModelServerConfig": {"model_config_list": "1 ModelConfigList config"},
    "ReloadConfigRequest": {"config": "1 ModelServerConfig"},
    "ReloadConfigResponse": {"status": "1 StatusProto"},
}

_Field = descriptor_pb2.FieldDescriptorProto


def _set_type(field: Any, type_name: str) -> None:
    if type_name in _TABLES or "." in type_name:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{type_name}"
    else:
        field.type = getattr(_Field, f"TYPE_{type_name.upper()}")


def _add_map_entry(message: Any, field_name: str, value_type: str) -> str:
    """Declare the entry message that Protocol Buffers keeps behind a map field; returns its name."""
    # The library checks that the entry is called after the field, in camel case.
    entry_name = "".join(part.capitalize() for part in field_name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    for number, (name, type_name) in enumerate((("key", "string"), ("value", value_type)), start=1):
        _set_type(entry.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL), type_name)
    return f"{message.name}.{entry_name}"


def _add_to_oneof(message: Any, field: Any, oneof: str) -> None:
    names = [declared.name for declared in message.oneof_decl]
    if oneof not in names:
        message.oneof_decl.add(name=oneof)
        names.append(oneof)
    field.oneof_index = names.index(oneof)


def _add_field(message: Any, name: str, declaration: str) -> None:
    number, *words = declaration.split()
    kind = words.pop(0) if words[0] in ("repeated", "map") else "single"
    type_name = _add_map_entry(message, name, words[0]) if kind == "map" else words[0]
    label = _Field.LABEL_OPTIONAL if kind == "single" else _Field.LABEL_REPEATED
    field = message.field.add(name=name, number=int(number), label=label)
    _set_type(field, type_name)
    if len(words) > 1:
        _add_to_oneof(message, field, words[1])


def _build_pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="shoprank/serving.proto", package=_PACKAGE, syntax="proto3")
    for message_name, fields in _TABLES.items():
        message = file.message_type.add(name=message_name)
        for field_name, declaration in fields.items():
            _add_field(message, field_name, declaration)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _build_pool()


def _message_class(name: str) -> Any:
    descriptor = _POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # Protocol Buffers 3.20, which TensorFlow 2.16's companions need, has only the older name.
    return message_factory.MessageFactory(_POOL).GetPrototype(descriptor)


TensorShapeProto = _message_class("TensorShapeProto")
TensorProto = _message_class("TensorProto")
ModelSpec = _message_class("ModelSpec")
PredictRequest = _message_class("PredictRequest")
PredictResponse = _message_class("PredictResponse")
SignatureDefMap = _message_class("SignatureDefMap")
GetModelMetadataRequest = _message_class("GetModelMetadataRequest")
GetModelMetadataResponse = _message_class("GetModelMetadataResponse")
GetModelStatusRequest = _message_class("GetModelStatusRequest")
GetModelStatusResponse = _message_class("GetModelStatusResponse")
ModelServerConfig = _message_class("ModelServerConfig")
ReloadConfigRequest = _message_class("ReloadConfigRequest")
ReloadConfigResponse = _message_class("ReloadConfigResponse")
