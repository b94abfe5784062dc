"""The HTTP side of the REST API: bodies in and out, status codes, limits of size and time."""

import asyncio
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import grpc
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from serving.model_server.answering import Answering
from serving.model_server.errors import RequestError
from serving.model_server.monitoring import CONTENT_TYPE
from serving.model_server.options import MEBIBYTE
from serving.model_server.rest.calls import Calls, StatusSource
from serving.model_server.rest.path import parse_path

_LOG = logging.getLogger(__name__)
_THREADS_PER_CORE = 4
_HTTP_STATUS = {
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.UNAUTHENTICATED: 401,
}
"""TensorFlow Serving's HTTP status for each code; every other code is 500."""
_TOO_LARGE = 413


class Metrics(Protocol):
    """What is offered to Prometheus."""

    path: str | None

    def render(self) -> bytes:
        """Return the metrics in Prometheus's text form."""


def rest_app(
    answering: Answering,
    models: StatusSource,
    monitoring: Metrics | None = None,
    timeout_seconds: float = 30.0,
    max_body_bytes: int = 16 * MEBIBYTE,
    threads: int | None = None,
) -> Starlette:
    """Return the application that answers the REST API.

    Args:
        answering: Where the requests go.
        models: Where the states of the versions are found.
        monitoring: What is offered to Prometheus, at its own path; None offers nothing.
        timeout_seconds: Longest time of a request, from its first byte to its answer.
        max_body_bytes: Largest body; a larger one gets 413.
        threads: Most requests answered at a time; None takes four per core.
    """
    pool = ThreadPoolExecutor(threads or _THREADS_PER_CORE * (os.cpu_count() or 1), thread_name_prefix="rest request")
    endpoint = _Endpoint(Calls(answering, models), pool, timeout_seconds, max_body_bytes)
    # Every method gets here: for the wrong ones TensorFlow Serving has words of its own.
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes = [Route("/v1/{path:path}", endpoint.answer, methods=methods)]
    if monitoring is not None and monitoring.path is not None:
        routes.insert(0, Route(monitoring.path, _metrics_endpoint(monitoring)))

    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})


class _Endpoint:
    """Answers every path of the API."""

    def __init__(self, calls: Calls, pool: ThreadPoolExecutor, timeout_seconds: float, max_body_bytes: int) -> None:
        self._calls = calls
        self._pool = pool
        self._timeout_seconds = timeout_seconds
        self._max_body_bytes = max_body_bytes

    async def answer(self, request: Request) -> Response:
        """Return the answer or the error, both as JSON."""
        deadline = time.monotonic() + self._timeout_seconds
        try:
            call = parse_path(request.method, request.scope["raw_path"].decode("latin-1"))
            body = await asyncio.wait_for(self._read_body(request), self._timeout_seconds)
            content = await self._wait(self._pool.submit(self._calls.answer, call, body, deadline), deadline)
        except asyncio.TimeoutError:
            return _error(504, "The request's body did not arrive in time")
        except _BodyTooLarge:
            return _error(_TOO_LARGE, f"The request's body is larger than {self._max_body_bytes} bytes")
        except ClientDisconnect:
            return _error(_HTTP_STATUS[grpc.StatusCode.CANCELLED], "The client is gone")
        except RequestError as error:
            return _error(_HTTP_STATUS.get(error.code, 500), str(error))
        # A client must get a status for whatever goes wrong here; the trace goes to the log.
        except Exception as error:
            _LOG.exception("a REST request failed")
            return _error(500, f"{type(error).__name__}: {error}")
        return Response(content, media_type="application/json")

    async def _read_body(self, request: Request) -> bytes:
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            # The rest is read and forgotten: a client that still sends would not see the answer.
            if size <= self._max_body_bytes:
                chunks.append(chunk)
            else:
                chunks.clear()
        if size > self._max_body_bytes:
            raise _BodyTooLarge
        return b"".join(chunks)

    async def _wait(self, future: Any, deadline: float) -> bytes:
        # The run itself heeds the deadline where it can; a client is not kept waiting where it cannot.
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=deadline - time.monotonic())
        if not done:
            raise RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, "The request was not answered in time")
        content: bytes = waiting.result()
        return content


class _BodyTooLarge(Exception):
    """A body with more bytes than may be."""


def _metrics_endpoint(monitoring: Metrics) -> Any:
    def answer(_: Request) -> Response:
        return Response(monitoring.render(), media_type=CONTENT_TYPE)

    return answer


def _error(status: int, message: str) -> Response:
    return Response(json.dumps({"error": message}), status, media_type="application/json")


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail)
