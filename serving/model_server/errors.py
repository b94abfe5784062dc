"""Requests that cannot be answered, with the gRPC status that says so."""

from typing import NoReturn

import grpc

LONGEST_MESSAGE = 2000
"""Bytes of a message. gRPC sends it in a header, where a letter may take three times its bytes and 8 KiB is the end."""


class RequestError(Exception):
    """A request that ends with a status other than OK; the message is one line."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        """Keep the status code beside the message."""
        super().__init__(_cut(one_line(message)))
        self.code = code


def invalid_argument(message: str) -> RequestError:
    """Return the error for a request that can never succeed as it is."""
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> RequestError:
    """Return the error for a model or a version that is not here."""
    return RequestError(grpc.StatusCode.NOT_FOUND, message)


def failed_precondition(message: str) -> RequestError:
    """Return the error for a request that the model is not made for."""
    return RequestError(grpc.StatusCode.FAILED_PRECONDITION, message)


def one_line(message: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(message.split())


def _cut(message: str) -> str:
    encoded = message.encode("utf-8", "replace")
    if len(encoded) <= LONGEST_MESSAGE:
        return message
    return encoded[:LONGEST_MESSAGE].decode("utf-8", "ignore") + "..."


def abort(context: grpc.ServicerContext, error: RequestError) -> NoReturn:
    """End the call with the error's status."""
    context.abort(error.code, str(error))
    raise AssertionError("abort does not return")
