"""TensorFlow Serving's PredictionService: every method goes through `Answering`."""

import time
from typing import Any

import grpc
from tensorflow_serving.apis import prediction_service_pb2_grpc

from serving.model_server.answering import Answering, Waiting
from serving.model_server.errors import RequestError, abort


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict, Classify, Regress, MultiInference and GetModelMetadata.

    Args:
        answering: Where the requests go.
    """

    def __init__(self, answering: Answering) -> None:
        """Keep where the requests go."""
        self._answering = answering

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run one signature of a model on tensors."""
        return self._answer("Predict", request, context)

    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a classification signature on Examples."""
        return self._answer("Classify", request, context)

    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a regression signature on Examples."""
        return self._answer("Regress", request, context)

    def MultiInference(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run several classification and regression signatures on the same Examples."""
        return self._answer("MultiInference", request, context)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return a model's signatures."""
        return self._answer("GetModelMetadata", request, context)

    def _answer(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        waiting = Waiting("grpc", _deadline(context), context.is_active)
        try:
            return self._answering.answer(method, request, waiting)
        except RequestError as error:
            abort(context, error)


def _deadline(context: grpc.ServicerContext) -> float | None:
    """Return the value of `time.monotonic()` at which the client stops to wait, None if it never does."""
    remaining: float | None = context.time_remaining()
    return None if remaining is None else time.monotonic() + remaining
