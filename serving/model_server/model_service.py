"""TensorFlow Serving's ModelService: the state of the versions, and a new configuration at run time."""

import logging
import time
from typing import Any

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2, model_service_pb2_grpc

from serving.model_server.errors import RequestError, abort, invalid_argument
from serving.model_server.models import Models

_LOG = logging.getLogger(__name__)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Answers GetModelStatus and HandleReloadConfigRequest.

    Args:
        models: The models to report and to change.
    """

    def __init__(self, models: Models[Any]) -> None:
        """Keep the models."""
        self._models = models

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the state of all versions seen so far, highest first, or of the one asked for."""
        try:
            return model_status(self._models, request)
        except RequestError as error:
            abort(context, error)

    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Follow another ModelServerConfig; see `Models.reload`."""
        remaining = context.time_remaining()
        try:
            self._models.reload(request.config, None if remaining is None else time.monotonic() + remaining)
        except RequestError as error:
            _LOG.error("the models cannot be changed: %s", error)
            abort(context, error)
        _LOG.info("the models have been changed: %s", ", ".join(sorted(self._models.available)) or "none is left")
        response = model_management_pb2.ReloadConfigResponse()
        # The field is set, OK included, as TensorFlow Serving does.
        response.status.error_code = 0
        return response


def model_status(models: Models[Any], request: Any) -> Any:
    """Answer a GetModelStatusRequest.

    Raises:
        RequestError: INVALID_ARGUMENT without a model or for an unknown label, NOT_FOUND for one never seen.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, status in sorted(models.statuses(request.model_spec).items(), reverse=True):
        entry = response.model_version_status.add(version=version, state=int(status.state))
        entry.status.error_code = grpc.StatusCode.UNKNOWN.value[0] if status.error else 0
        entry.status.error_message = status.error
    return response
