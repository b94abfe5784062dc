"""TensorFlow Serving's ModelService: the state of the versions."""

from typing import Any

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from serving.model_server.errors import RequestError, abort
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.model_spec import read_model_spec
from serving.model_server.versions import Versions


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Answers GetModelStatus. HandleReloadConfigRequest answers UNIMPLEMENTED: there is one model."""

    def __init__(self, versions: Versions[LoadedModel]) -> None:
        """Keep the versions to report."""
        self._versions = versions

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the state of all versions seen so far, highest first, or of the one asked for."""
        try:
            statuses = self._versions.statuses(*read_model_spec(request))
        except RequestError as error:
            abort(context, error)
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, status in sorted(statuses.items(), reverse=True):
            entry = response.model_version_status.add(version=version, state=int(status.state))
            # The field is set in every entry, OK included, as TensorFlow Serving does.
            entry.status.error_code = grpc.StatusCode.UNKNOWN.value[0] if status.error else 0
            entry.status.error_message = status.error
        return response
