"""One gRPC connection to a server that speaks TensorFlow Serving's API; failures become one clear line."""

from typing import Any

import grpc

from serving.connection_settings import ConnectionSettings, open_channel


class ServingError(RuntimeError):
    """The server cannot be reached or refused a request; the message is one line.

    Attributes:
        code: Name of the gRPC status code, such as `NOT_FOUND`; empty if the answer itself was not as expected.
    """

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the message and the name of the status code."""
        super().__init__(message)
        self.code = code


class Connection:
    """A channel to one server.

    Args:
        target: `host:port`.
        timeout: Longest wait for one answer, in seconds, with all attempts.
        settings: How to connect.

    Raises:
        OSError: A certificate or key of the settings cannot be read.
    """

    def __init__(self, target: str, timeout: float, settings: ConnectionSettings | None = None) -> None:
        """Make the channel; it connects with the first call."""
        self.target = target
        self._timeout = timeout
        self._channel = open_channel(target, settings or ConnectionSettings())

    def call(self, method: str, request: Any, response_class: Any, timeout: float | None = None) -> Any:
        """Send one message and return the answer.

        Args:
            method: `Service/Method` in the package `tensorflow.serving`.
            request: The message.
            response_class: Class of the answer.
            timeout: Longest wait in seconds; that of the connection by default.

        Raises:
            ServingError: No answer in time, or a status other than OK.
        """
        stub = self._channel.unary_unary(
            f"/tensorflow.serving.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response_class.FromString,
        )
        seconds = self._timeout if timeout is None else timeout
        try:
            return stub(request, timeout=seconds)
        except grpc.RpcError as error:
            raise self._as_serving_error(error, seconds) from error

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _as_serving_error(self, error: Any, seconds: float) -> ServingError:
        code = error.code().name
        details = " ".join((error.details() or "").split())
        if code == "DEADLINE_EXCEEDED":
            details = f"no answer within {seconds:g} s"
        elif code == "UNAVAILABLE" and "failed to connect" in details.lower():
            details = "no model server can be reached there"
        return ServingError(f"{self.target}: {code}: {details}", code)
