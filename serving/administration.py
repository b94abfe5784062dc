"""What an operator asks a server: which versions are there, where labels point, and to take another configuration."""

from typing import Any

from serving import messages
from serving.answers import VersionStatus
from serving.client import ShopRankClient
from serving.connection import Connection, ServingError
from serving.connection_settings import ConnectionSettings

NO_SERVER = "no model server can be reached there"
"""How the message of a `ServingError` ends when nobody listens at the address."""


class Administration:
    """Speaks to one server, ours or TensorFlow Serving; all methods raise `ServingError`.

    Args:
        target: `host:port` of the server's gRPC endpoint.
        model_name: Name under which the server knows the model.
        timeout: Longest wait for one answer, in seconds.
        settings: Retries, keep-alive, message size and encryption.
    """

    def __init__(
        self,
        target: str,
        model_name: str = "shoprank",
        timeout: float = 10.0,
        settings: ConnectionSettings | None = None,
    ) -> None:
        """Prepare the connection; it opens with the first request."""
        self.target = target
        self._model_name = model_name
        self._client = ShopRankClient(target, model_name, timeout, settings=settings)
        self._connection = Connection(target, timeout, settings)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        self._connection.close()

    def is_reachable(self) -> bool:
        """Whether a server listens at the address."""
        try:
            self.statuses()
        except ServingError as error:
            if str(error).endswith(NO_SERVER):
                return False
            raise
        return True

    def statuses(self) -> dict[int, VersionStatus]:
        """Version -> its state, of every version that the server has seen; none is no error."""
        try:
            return {one.version: one for one in self._client.status()}
        except ServingError as error:
            if error.code == "NOT_FOUND":
                return {}
            raise

    def available(self) -> set[int]:
        """The versions that answer requests."""
        return {version for version, status in self.statuses().items() if status.state == "AVAILABLE"}

    def labelled_version(self, label: str) -> int | None:
        """The version that a label points to; None if the server knows no such label.

        The metadata of a label name the version that they are of; the status of a model does not tell labels.
        """
        spec = messages.ModelSpec(name=self._model_name, version_label=label)
        request = messages.GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"])
        try:
            response = self._connection.call(
                "PredictionService/GetModelMetadata", request, messages.GetModelMetadataResponse
            )
        except ServingError as error:
            if error.code in ("INVALID_ARGUMENT", "NOT_FOUND"):
                return None
            raise
        return int(response.model_spec.version.value)

    def reload(self, config: Any, timeout: float) -> None:
        """Have the server take a configuration in place of the one that it has.

        Args:
            config: A `ModelServerConfig`.
            timeout: Longest wait in seconds: a server may load a model before it answers.
        """
        request = messages.ReloadConfigRequest(config=config)
        response = self._connection.call(
            "ModelService/HandleReloadConfigRequest", request, messages.ReloadConfigResponse, timeout
        )
        if response.status.error_code:
            reason = " ".join(response.status.error_message.split())
            raise ServingError(f"{self.target}: the configuration is refused: {reason}")
