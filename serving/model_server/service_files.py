"""The services of TensorFlow Serving's API as protobuf knows them."""

import contextlib
import importlib

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor


def _file_of(service: str, module: str) -> FileDescriptor:
    """The proto file of a service."""
    # The generated modules are of protobuf 3 and end with an assignment that later ones refuse. By then the service is
    # in the pool, which is all that is needed here.
    with contextlib.suppress(AttributeError):
        importlib.import_module(f"tensorflow_serving.apis.{module}")
    return descriptor_pool.Default().FindFileContainingSymbol(f"tensorflow.serving.{service}")


PREDICTION_SERVICE = _file_of("PredictionService", "prediction_service_pb2")
MODEL_SERVICE = _file_of("ModelService", "model_service_pb2")
