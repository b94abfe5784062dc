"""Requests whose bytes are no message of the method's type."""

from collections.abc import Callable
from typing import Any

import grpc

_UNDECODABLE = object()


class RefuseUndecodable(grpc.ServerInterceptor):
    """Ends such a request with INVALID_ARGUMENT: it is the client's fault.

    gRPC's own answer is INTERNAL, with a stack trace in the log for each, so that one bad client fills the disk.
    """

    def __init__(self) -> None:
        """Start with no method seen."""
        self._handlers: dict[str, Any] = {}

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Return the method's handler, with a check in front; other than unary methods are left as they are."""
        if details.method not in self._handlers:
            handler = continuation(details)
            # Names of methods that do not exist are the client's choice, and take no memory.
            if handler is None or handler.unary_unary is None:
                return handler
            self._handlers[details.method] = _checked(handler, details.method)
        return self._handlers[details.method]


def _checked(handler: Any, method: str) -> Any:
    def decode(data: bytes) -> Any:
        try:
            return handler.request_deserializer(data)
        # Each release of Protocol Buffers has its own kinds of error here.
        except Exception:
            return _UNDECODABLE

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        if request is _UNDECODABLE:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"The request's bytes are no message for {method}")
        return handler.unary_unary(request, context)

    return grpc.unary_unary_rpc_method_handler(answer, decode, handler.response_serializer)
