"""The gRPC health service, which Kubernetes and load balancers ask."""

import threading
from collections.abc import Callable, Collection

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """Answers `grpc.health.v1.Health` for the server and for each model by its name.

    A model is SERVING while a version of it is available. The server, which is the names `''` and `PREDICTION_SERVICE`,
    is SERVING from the first moment that every model is, and stays so while one is: a model that is added later does
    not take the others out of service while it loads.

    Args:
        models: Returns the names of the models that the server is to serve.
    """

    def __init__(self, models: Callable[[], Collection[str]]) -> None:
        """Start with nothing in service."""
        self._servicer = health.HealthServicer()
        self._models = models
        self._lock = threading.Lock()
        self._available: dict[str, bool] = {}
        self._was_complete = False
        self._set_server(False)

    def add_to(self, server: grpc.Server) -> None:
        """Offer the service on a server that is not started yet."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    def set_available(self, model: str, versions: Collection[int]) -> None:
        """Note which versions of a model are available; none if the model is gone. Fits `Models.on_change`."""
        with self._lock:
            self._available[model] = bool(versions)
            self._set(model, bool(versions))
            serving = [self._available.get(name, False) for name in self._models()]
            self._was_complete = self._was_complete or (bool(serving) and all(serving))
            self._set_server(self._was_complete and any(serving))

    def drain(self) -> None:
        """Answer NOT_SERVING from now on, whatever is noted later."""
        self._servicer.enter_graceful_shutdown()

    def _set_server(self, is_serving: bool) -> None:
        for name in ("", PREDICTION_SERVICE):
            self._set(name, is_serving)

    def _set(self, name: str, is_serving: bool) -> None:
        self._servicer.set(name, _SERVING if is_serving else _NOT_SERVING)
