"""Which batch runs when, and in whose thread."""

import threading
import time
from collections.abc import Callable, Hashable

from serving.model_server.batching.batch_queue import BatchQueue
from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import Batch, BatchRequest, deadline_exceeded


class BatchScheduler:
    """Runs batches in the threads of the requests that are in them.

    There are no threads of its own: the thread of a batch's first request runs the whole batch, and the others wait.
    So a lone request is answered without a change of threads, and nothing is to be stopped at the end.

    Args:
        parameters: Sizes, times and the number of batches that run at a time.
        run_batch: Answers every request of a batch with `BatchRequest.finish`, and raises nothing.
    """

    def __init__(self, parameters: BatchingParameters, run_batch: Callable[[Batch], None]) -> None:
        """Begin with nothing to do."""
        self._parameters = parameters
        self._run_batch = run_batch
        self._lock = threading.Lock()
        self._queue = BatchQueue(parameters)
        self._running = 0

    def run(self, kind: Hashable, request: BatchRequest) -> None:
        """Bring a request into a batch of its kind and return when it is finished.

        Raises:
            RequestError: UNAVAILABLE if too many wait already, DEADLINE_EXCEEDED if its deadline passes.
        """
        with self._lock:
            self._queue.add(kind, request)
            # Not before the batch was opened: nobody else comes back to look when it is due.
            hold_until = time.monotonic() + self._parameters.batch_timeout_micros / 1e6
            self._start_batches()
        while not request.woken.wait(_seconds_to_wait(request, hold_until)):
            with self._lock:
                self._start_batches()
                if not request.woken.is_set() and _seconds_to_wait(request, hold_until) == 0:
                    self._queue.remove(request)
                    raise deadline_exceeded()
        # Batch and request refer to each other: undone here, they are freed at once.
        batch, request.batch = request.batch, None
        if batch is not None:
            self._lead(batch)

    def queue_length(self) -> int:
        """Return the number of requests that wait and are not in a running batch."""
        with self._lock:
            return len(self._queue)

    def _lead(self, batch: Batch) -> None:
        try:
            self._run_batch(batch)
        finally:
            with self._lock:
                self._running -= 1
                self._start_batches()

    def _start_batches(self) -> None:
        """Wake a leader for every batch that is due while a place is free; the lock is held."""
        while self._running < self._parameters.num_batch_threads:
            batch = self._queue.take(idle=self._running == 0)
            if batch is None:
                return
            self._running += 1
            leader = batch.requests[0]
            leader.batch = batch
            leader.woken.set()


def _seconds_to_wait(request: BatchRequest, hold_until: float) -> float | None:
    """Return the time until something is to be done for a request that waits; None if nothing ever is."""
    now = time.monotonic()
    times = [hold_until] if hold_until > now else []
    if request.caller.deadline is not None:
        times.append(request.caller.deadline)
    return max(0.0, min(times) - now) if times else None
