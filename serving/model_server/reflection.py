"""gRPC server reflection: tools such as grpcurl list and call the services without the proto files."""

import grpc
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from serving.model_server.service_files import MODEL_SERVICE, PREDICTION_SERVICE

SERVICES = (
    PREDICTION_SERVICE.services_by_name["PredictionService"].full_name,
    MODEL_SERVICE.services_by_name["ModelService"].full_name,
    health.SERVICE_NAME,
    reflection.SERVICE_NAME,
)
"""Full names of what the server offers."""


def add_reflection(server: grpc.Server) -> None:
    """Offer reflection of `SERVICES` on a server that is not started yet."""
    reflection.enable_server_reflection(SERVICES, server)
