"""One gRPC connection to a server that speaks TensorFlow Serving's API; failures become one clear line."""

from typing import Any

import grpc


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
        timeout: Longest wait for one answer, in seconds.
    """

    def __init__(self, target: str, timeout: float) -> None:
        """Make the channel; it connects with the first call."""
        self.target = target
        self._timeout = timeout
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            # A web proxy of the environment knows nothing of a model server beside us.
            ("grpc.enable_http_proxy", 0),
        ]
        self._channel = grpc.insecure_channel(target, options=options)

    def call(self, method: str, request: Any, response_class: Any) -> Any:
        """Send one message and return the answer.

        Args:
            method: `Service/Method` in the package `tensorflow.serving`.
            request: The message.
            response_class: Class of the answer.

        Raises:
            ServingError: No answer in time, or a status other than OK.
        """
        stub = self._channel.unary_unary(
            f"/tensorflow.serving.{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response_class.FromString,
        )
        try:
            return stub(request, timeout=self._timeout)
        except grpc.RpcError as error:
            raise self._as_serving_error(error) from error

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _as_serving_error(self, error: Any) -> ServingError:
        code = error.code().name
        details = " ".join((error.details() or "").split())
        if code == "DEADLINE_EXCEEDED":
            details = f"no answer within {self._timeout:g} s"
        elif code == "UNAVAILABLE" and "failed to connect" in details.lower():
            details = "no model server can be reached there"
        return ServingError(f"{self.target}: {code}: {details}", code)
