"""GetModelMetadata over the wire."""

import pytest


def request_of(*fields):
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "methods"
    return request


def test_the_signatures_come_as_a_map_in_any(stub):
    from tensorflow_serving.apis import get_model_metadata_pb2

    response = stub.GetModelMetadata(request_of("signature_def"), timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert signatures.signature_def["classify"].method_name == "tensorflow/serving/classify"
    assert (response.model_spec.name, response.model_spec.version.value) == ("methods", 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["signature_def", "cost"], "Metadata field cost is not supported"),
    ],
)
def test_other_fields_are_refused(stub, error_of, fields, message):
    assert error_of(stub.GetModelMetadata, request_of(*fields)) == ("INVALID_ARGUMENT", message)
