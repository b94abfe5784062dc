"""One request on its way through a batch, and whoever waits for its answer."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from serving.model_server.errors import RequestError


@dataclass(frozen=True)
class Caller:
    """Whoever waits for an answer.

    Attributes:
        deadline: Value of `time.monotonic()` after which nobody waits any longer; None means never.
        is_active: Whether somebody still waits; None means always.
    """

    deadline: float | None = None
    is_active: Callable[[], bool] | None = None

    def check(self) -> None:
        """Raise if nobody waits any longer.

        Raises:
            RequestError: DEADLINE_EXCEEDED or CANCELLED.
        """
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise deadline_exceeded()
        if self.is_active is not None and not self.is_active():
            raise RequestError(grpc.StatusCode.CANCELLED, "The client is gone")


def deadline_exceeded() -> RequestError:
    """Return the error for a request that was not run in time."""
    return RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded before the request was run")


@dataclass(eq=False)
class BatchRequest:
    """One caller's rows.

    Attributes:
        inputs: Input name -> array; all have the same number of rows.
        rows: Size of every input's dimension 0.
        caller: Who waits.
        arrived: Value of `time.monotonic()` when it came.
        woken: Set when the request is answered, and when its thread is to run a batch.
        batch: The batch that this request's thread is to run.
        outputs: Output name -> array of `rows` rows, once it is answered.
        error: What it failed with.
    """

    inputs: Mapping[str, Any]
    rows: int
    caller: Caller
    arrived: float = field(default_factory=time.monotonic)
    woken: threading.Event = field(default_factory=threading.Event)
    batch: "Batch | None" = None
    outputs: dict[str, Any] | None = None
    error: RequestError | None = None

    def finish(self, outputs: dict[str, Any] | None, error: RequestError | None = None) -> None:
        """Give the answer to whoever waits."""
        # A traceback would hold the frames, and with them the inputs of the whole batch.
        self.outputs, self.error = outputs, error.with_traceback(None) if error is not None else None
        self.woken.set()

    def answer(self) -> dict[str, Any]:
        """Return the outputs.

        Raises:
            RequestError: What the request failed with.
        """
        # What is handed over is let go of: an error that is raised refers to this frame, which refers to this request.
        outputs, self.outputs = self.outputs, None
        if outputs is not None:
            return outputs
        assert self.error is not None
        try:
            raise self.error
        finally:
            self.error = None


@dataclass(eq=False)
class Batch:
    """Requests of one kind that run together.

    Attributes:
        kind: What all have in common.
        opened: Value of `time.monotonic()` at which the first one came.
        requests: In the order in which they came.
        rows: Sum over the requests.
    """

    kind: Any
    opened: float
    requests: list[BatchRequest] = field(default_factory=list)
    rows: int = 0

    def add(self, request: BatchRequest) -> None:
        """Append a request."""
        self.requests.append(request)
        self.rows += request.rows

    def remove(self, request: BatchRequest) -> None:
        """Take a request out if it is here."""
        if request in self.requests:
            self.requests.remove(request)
            self.rows -= request.rows

    def drop_deserted(self) -> None:
        """Take out the requests that nobody waits for; they end with the reason."""
        for request in list(self.requests):
            try:
                request.caller.check()
            except RequestError as error:
                self.remove(request)
                request.finish(None, error)
