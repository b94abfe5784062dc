"""The messages of the client are, byte for byte, those of tensorflow-serving-api."""

import string
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import messages

NAMES = [
    "TensorShapeProto",
    "TensorProto",
    "ModelSpec",
    "PredictRequest",
    "PredictResponse",
    "SignatureDefMap",
    "GetModelMetadataRequest",
    "GetModelMetadataResponse",
    "GetModelStatusRequest",
    "GetModelStatusResponse",
    "ModelServerConfig",
    "ReloadConfigRequest",
    "ReloadConfigResponse",
]


def real_class(name):
    from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_pb2,
        predict_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2

    modules = (
        *(tensor_pb2, tensor_shape_pb2, predict_pb2, model_pb2, get_model_metadata_pb2, get_model_status_pb2),
        *(model_management_pb2, model_server_config_pb2),
    )
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def value_of(field):
    """A strategy for one value of a field, by its type in the descriptor."""
    kinds = {
        field.TYPE_STRING: st.text(max_size=5),
        field.TYPE_BYTES: st.binary(max_size=5),
        field.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
        field.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
        field.TYPE_UINT32: st.integers(0, 2**32 - 1),
        field.TYPE_BOOL: st.booleans(),
        field.TYPE_FLOAT: st.floats(width=32, allow_nan=False),
        field.TYPE_DOUBLE: st.floats(allow_nan=False),
    }
    return kinds[field.type] if field.type in kinds else message_values(field.message_type)


def field_values(field):
    repeated = field.label == field.LABEL_REPEATED
    if repeated and field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = value_of(field.message_type.fields_by_name["value"])
        return st.dictionaries(st.text(string.printable, max_size=5), value, max_size=2)
    return st.lists(value_of(field), max_size=2) if repeated else value_of(field)


def message_values(descriptor):
    """A strategy for the content of a message, as nested dictionaries, of which any field may be absent."""
    alone = [field for field in descriptor.fields if field.containing_oneof is None]
    content = st.fixed_dictionaries({}, optional={field.name: field_values(field) for field in alone})
    for oneof in descriptor.oneofs:
        choice = st.one_of(*[st.fixed_dictionaries({field.name: field_values(field)}) for field in oneof.fields])
        content = st.tuples(content, choice).map(lambda both: both[0] | both[1])
    return content


def fill(message, content):
    """Put nested dictionaries into a message of either kind."""
    for name, value in content.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if isinstance(value, dict) and field.message_type.GetOptions().map_entry:
            for key, entry in value.items():
                if isinstance(entry, dict):
                    fill(getattr(message, name)[key], entry)
                else:
                    getattr(message, name)[key] = entry
        elif isinstance(value, dict):
            getattr(message, name).SetInParent()
            fill(getattr(message, name), value)
        elif isinstance(value, list) and field.message_type is not None:
            for entry in value:
                fill(getattr(message, name).add(), entry)
        elif isinstance(value, list):
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_same_bytes_and_same_content_both_ways(name, data):
    ours = getattr(messages, name)
    real = real_class(name)
    content = data.draw(message_values(ours.DESCRIPTOR))
    our_message, real_message = fill(ours(), content), fill(real(), content)

    our_bytes = our_message.SerializeToString(deterministic=True)
    real_bytes = real_message.SerializeToString(deterministic=True)

    assert our_bytes == real_bytes
    assert real.FromString(our_bytes) == real_message
    assert ours.FromString(real_bytes) == our_message


def test_fields_have_the_names_numbers_and_oneofs_of_the_real_ones():
    def fields(descriptor):
        return {
            (field.name, field.number, field.containing_oneof and field.containing_oneof.name)
            for field in descriptor.fields
        }

    for name in NAMES:
        ours = fields(getattr(messages, name).DESCRIPTOR)
        assert ours <= fields(real_class(name).DESCRIPTOR), name


def test_version_and_label_exclude_each_other():
    spec = messages.ModelSpec(version_label="canary")
    spec.version.value = 3
    assert spec.WhichOneof("version_choice") == "version"
    assert spec.version_label == ""


def test_signatures_inside_any_are_read_as_the_server_packs_them():
    from tensorflow_serving.apis import get_model_metadata_pb2

    packed = get_model_metadata_pb2.SignatureDefMap()
    packed.signature_def["rank"].inputs["user_id"].name = "user_id:0"
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata["signature_def"].Pack(packed)

    read = messages.GetModelMetadataResponse.FromString(response.SerializeToString()).metadata["signature_def"]
    assert read.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signatures = messages.SignatureDefMap.FromString(read.value).signature_def
    assert signatures["rank"].inputs["user_id"].name == "user_id:0"


def test_the_client_imports_no_tensorflow():
    program = (
        "import sys, time; start = time.monotonic(); import serving.client, serving.model_server.process;"
        "heavy = {'tensorflow', 'tensorflow_serving', 'keras', 'tf_keras', 'tfx', 'pandas', 'trainer'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
