"""TensorFlow Serving's PredictionService: Predict and GetModelMetadata."""

import logging
from collections.abc import Callable
from typing import Any

import grpc
from tensorflow_serving.apis import get_model_metadata_pb2, prediction_service_pb2_grpc

from serving.model_server.errors import RequestError, abort, invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.model_spec import read_model_spec
from serving.model_server.predict import predict
from serving.model_server.versions import Versions

SIGNATURE_DEF = "signature_def"
_LOG = logging.getLogger(__name__)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers from the version in service. The other methods of the service answer UNIMPLEMENTED."""

    def __init__(self, versions: Versions[LoadedModel]) -> None:
        """Keep the versions to answer from."""
        self._versions = versions

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run one signature of the model."""
        return _answer(self._predict, request, context)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the model's signatures."""
        return _answer(self._metadata, request, context)

    def _predict(self, request: Any) -> Any:
        version, model = self._versions.find(*read_model_spec(request))
        response = predict(model, request)
        response.model_spec.name = self._versions.name
        response.model_spec.version.value = version
        return response

    def _metadata(self, request: Any) -> Any:
        fields = set(request.metadata_field)
        if fields != {SIGNATURE_DEF}:
            wrong = ", ".join(sorted(fields - {SIGNATURE_DEF})) or "nothing"
            raise invalid_argument(f"metadata_field must be {SIGNATURE_DEF}, the request asks for {wrong}")
        version, model = self._versions.find(*read_model_spec(request))
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in model.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self._versions.name
        response.model_spec.version.value = version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response


def _answer(method: Callable[[Any], Any], request: Any, context: grpc.ServicerContext) -> Any:
    try:
        return method(request)
    except RequestError as error:
        abort(context, error)
    # A client must get a status for whatever goes wrong here; the trace goes to the log.
    except Exception as error:
        _LOG.exception("a request failed")
        abort(context, RequestError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}"))
