"""The requests that wait, in batches, one line of batches for each kind."""

import time
from collections import deque
from collections.abc import Hashable

import grpc

from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import Batch, BatchRequest
from serving.model_server.errors import RequestError

FULL = "The batch scheduling queue to which this task was submitted is full"


class BatchQueue:
    """Batches that wait; only the last one of a line is open. Not safe for threads by itself.

    Args:
        parameters: Sizes and times.
    """

    def __init__(self, parameters: BatchingParameters) -> None:
        """Begin empty."""
        self._parameters = parameters
        # Lines take turns: the one that gave a batch goes to the end.
        self._lines: dict[Hashable, deque[Batch]] = {}

    def __len__(self) -> int:
        """Return the number of requests that wait."""
        return sum(len(batch.requests) for line in self._lines.values() for batch in line)

    def add(self, kind: Hashable, request: BatchRequest) -> None:
        """Put a request into the open batch of its kind, or into a new one.

        Raises:
            RequestError: UNAVAILABLE if the line is full.
        """
        line = self._lines.setdefault(kind, deque())
        if not self._fits(line, request):
            # Whoever has gone away makes room first.
            self._drop_deserted(line)
        if not self._fits(line, request):
            raise RequestError(grpc.StatusCode.UNAVAILABLE, FULL)
        if not line or line[-1].rows + request.rows > self._parameters.max_batch_size:
            line.append(Batch(kind, time.monotonic()))
        line[-1].add(request)

    def remove(self, request: BatchRequest) -> None:
        """Take out a request if it still waits."""
        for kind, line in list(self._lines.items()):
            for batch in line:
                batch.remove(request)
            self._lines[kind] = deque(batch for batch in line if batch.requests)
        self._drop_empty_lines()

    def take(self, idle: bool) -> Batch | None:
        """Take out the next batch that is due, without the requests that nobody waits for.

        Args:
            idle: Whether nothing runs: then every batch is due. Otherwise one is that is full, has others behind it,
                or has waited for `batch_timeout_micros`.
        """
        for kind, line in list(self._lines.items()):
            while line and (idle or self._is_due(line)):
                batch = line.popleft()
                batch.drop_deserted()
                if batch.requests:
                    # The other kinds come first the next time.
                    self._lines[kind] = self._lines.pop(kind)
                    self._drop_empty_lines()
                    return batch
        self._drop_empty_lines()
        return None

    def _fits(self, line: deque[Batch], request: BatchRequest) -> bool:
        has_room = bool(line) and line[-1].rows + request.rows <= self._parameters.max_batch_size
        return has_room or len(line) < self._parameters.max_enqueued_batches

    def _is_due(self, line: deque[Batch]) -> bool:
        waited = time.monotonic() - line[0].opened
        full = line[0].rows >= self._parameters.max_batch_size
        return full or len(line) > 1 or waited >= self._parameters.batch_timeout_micros / 1e6

    def _drop_deserted(self, line: deque[Batch]) -> None:
        for batch in line:
            batch.drop_deserted()
        for batch in [batch for batch in line if not batch.requests]:
            line.remove(batch)

    def _drop_empty_lines(self) -> None:
        self._lines = {kind: line for kind, line in self._lines.items() if line}
