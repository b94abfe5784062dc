"""Dynamic batching in front of a graph: `run` looks to every caller as if it had the graph to itself."""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc

from serving.model_server.batching.merge import Arrays, count_rows, merge_inputs, split_outputs
from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import Batch, BatchRequest, Caller
from serving.model_server.batching.scheduler import BatchScheduler
from serving.model_server.errors import RequestError, invalid_argument

RunGraph = Callable[[str, dict[str, Any], tuple[str, ...]], dict[str, Any]]
"""Signature, inputs and names of the outputs -> outputs."""


class Batching:
    """Joins concurrent requests for the same outputs of the same signature.

    Args:
        parameters: When requests are joined.
        run_graph: Runs the graph once.

    Attributes:
        parameters: When requests are joined.
        on_batch: Called before a batch runs, with its rows and the seconds that each of its requests has waited.
    """

    def __init__(self, parameters: BatchingParameters, run_graph: RunGraph) -> None:
        """Begin with nothing to do."""
        self.parameters = parameters
        self.on_batch: Callable[[int, Sequence[float]], None] = lambda rows, waited: None
        self._run_graph = run_graph
        self._warms_all_sizes = False
        self._scheduler = BatchScheduler(parameters, self._run_batch)

    def run(
        self, signature_name: str, inputs: dict[str, Any], output_names: tuple[str, ...], caller: Caller
    ) -> dict[str, Any]:
        """Evaluate outputs of a signature, together with other requests.

        Returns:
            Output name -> array with as many rows as the inputs.

        Raises:
            RequestError: INVALID_ARGUMENT if the inputs have no common number of rows, or more than `max_batch_size`;
                UNAVAILABLE if too many requests wait; DEADLINE_EXCEEDED or CANCELLED if nobody waits any longer;
                FAILED_PRECONDITION if an output is not one row for each row of the batch; what the graph raises.
        """
        rows = count_rows(inputs)
        if rows > self.parameters.max_batch_size:
            limit = self.parameters.max_batch_size
            raise invalid_argument(f"Task size {rows} is larger than maximum input batch size {limit}")
        request = BatchRequest(inputs, rows, caller)
        self._scheduler.run(self._kind(signature_name, inputs, output_names), request)
        return request.answer()

    @contextmanager
    def warming_all_sizes(self) -> Iterator[None]:
        """In this block every request runs once with each allowed batch size; for a model that does not serve yet."""
        self._warms_all_sizes = True
        try:
            yield
        finally:
            self._warms_all_sizes = False

    def queue_length(self) -> int:
        """Return the number of requests that wait for a batch to run in."""
        return self._scheduler.queue_length()

    def _kind(self, signature_name: str, inputs: Arrays, output_names: tuple[str, ...]) -> Hashable:
        padded = self.parameters.pad_variable_length_inputs
        shapes = [(name, array.ndim if padded else array.shape[1:]) for name, array in sorted(inputs.items())]
        return signature_name, output_names, tuple(shapes)

    def _run_batch(self, batch: Batch) -> None:
        now = time.monotonic()
        self.on_batch(batch.rows, [now - request.arrived for request in batch.requests])
        error = self._run_together(batch.kind, batch.requests)
        if error is None:
            return
        if len(batch.requests) == 1:
            batch.requests[0].finish(None, error)
            return
        # What is wrong with one member must not fail the others.
        for request in batch.requests:
            alone = self._run_together(batch.kind, [request])
            if alone is not None:
                request.finish(None, alone)

    def _run_together(self, kind: Any, requests: list[BatchRequest]) -> RequestError | None:
        """Run a batch and finish its requests; if that fails, finish none of them and return the error."""
        signature_name, output_names, _ = kind
        sizes = [request.rows for request in requests]
        try:
            for rows in self._sizes_to_run(sum(sizes)):
                inputs = merge_inputs([request.inputs for request in requests], rows)
                outputs = self._run_graph(signature_name, inputs, output_names)
                answers = split_outputs(outputs, sizes, rows)
        except RequestError as error:
            return error
        # Whatever it is, nobody is to wait for ever.
        except Exception as error:
            return RequestError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
        for request, answer in zip(requests, answers, strict=True):
            request.finish(answer)
        return None

    def _sizes_to_run(self, rows: int) -> list[int]:
        if self._warms_all_sizes:
            return [size for size in self.parameters.allowed_batch_sizes if size >= rows] or [rows]
        return [self.parameters.padded_size(rows)]
