"""One GetModelMetadata request against one model: its signatures."""

from collections.abc import Callable
from typing import Any

from tensorflow_serving.apis import get_model_metadata_pb2

from serving.model_server.errors import invalid_argument
from serving.model_server.loaded_model import LoadedModel

SIGNATURE_DEF = "signature_def"
"""The one field of metadata that there is."""


def metadata(
    model: LoadedModel, request: Any, deadline: float | None = None, is_active: Callable[[], bool] | None = None
) -> Any:
    """Answer a GetModelMetadataRequest; the model_spec of the answer is left empty, and no graph runs.

    Raises:
        RequestError: INVALID_ARGUMENT without a metadata_field, or for another one than "signature_def".
    """
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in model.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response
