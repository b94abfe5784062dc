"""Load on a model server: client processes that ask at the same time, and what they saw together."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import numpy as np

from tfx_pipeline.benchmarks.serve.shopper import Schedule, Seen, Shoppers, ask_for_slates

Asked = TypeVar("Asked")

_SECONDS_TO_START = 0.4
"""From the moment at which all processes run to the first request: each sends some that do not count before."""


@dataclass(frozen=True)
class LoadResult:
    """What all clients saw.

    Attributes:
        milliseconds: Time of every answered request, float64 [requests].
        seconds: From the first request to the last answer.
        errors: Message -> how often.
        versions: `model_version` -> answers.
        torn: See `Seen`.
    """

    milliseconds: np.ndarray
    seconds: float
    errors: Counter[str]
    versions: Counter[str]
    torn: int

    @property
    def throughput(self) -> float:
        """Answered requests a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds below which this percentage of the answers took; infinite without an answer."""
        return float(np.percentile(self.milliseconds, share)) if len(self.milliseconds) else float("inf")


class Clients:
    """Client processes that stay for several measurements; a context manager that ends them."""

    def __init__(self, count: int) -> None:
        """Start the processes.

        Args:
            count: How many ask at the same time.
        """
        self.count = count
        self._pool = ProcessPoolExecutor(count, get_context("spawn"))
        # Started and imported before anything is timed: each process takes one of these.
        for future in [self._pool.submit(_import_client) for _ in range(count)]:
            future.result()

    def __enter__(self) -> "Clients":
        """Return the clients themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._pool.shutdown()

    def ask(
        self,
        shoppers: Asked,
        seconds: float,
        rate: float = 0.0,
        function: "Callable[[Asked, Schedule, int], Seen]" = ask_for_slates,  # type: ignore[assignment]
    ) -> LoadResult:
        """Let all clients ask and wait for them."""
        return self.start(shoppers, seconds, rate, function)()

    def start(
        self,
        shoppers: Asked,
        seconds: float,
        rate: float = 0.0,
        function: "Callable[[Asked, Schedule, int], Seen]" = ask_for_slates,  # type: ignore[assignment]
    ) -> Callable[[], LoadResult]:
        """Let all clients begin to ask.

        Args:
            shoppers: What they ask.
            seconds: How long.
            rate: Requests a second of all clients together; 0 for as many as are answered, one at a time each.
            function: What a client does.

        Returns:
            A function that waits for the end and gives what they saw.
        """
        start = time.time() + _SECONDS_TO_START
        interval = self.count / rate if rate else 0.0
        futures: list[Future[Seen]] = [
            self._pool.submit(
                function, shoppers, Schedule(start, seconds, interval, interval * number / self.count), number
            )
            for number in range(self.count)
        ]
        return lambda: _together([future.result() for future in futures])


def drive_server(target: str, user_ids: list[str], clients: int, seconds: float, **asked: object) -> LoadResult:
    """Load on any server that speaks TensorFlow Serving's API and serves a shoprank model.

    Args:
        target: `host:port` of its gRPC endpoint.
        user_ids: Who asks, in turn.
        clients: Processes that ask at the same time.
        seconds: How long.
        **asked: Further fields of `Shoppers`.
    """
    shoppers = Shoppers(target, tuple(user_ids), **asked)  # type: ignore[arg-type]
    with Clients(clients) as processes:
        return processes.ask(shoppers, seconds)


def _together(seen: list[Seen]) -> LoadResult:
    return LoadResult(
        np.concatenate([one.milliseconds for one in seen]),
        max(one.ended for one in seen) - min(one.began for one in seen),
        sum((one.errors for one in seen), Counter()),
        sum((one.versions for one in seen), Counter()),
        sum(one.torn for one in seen),
    )


def _import_client() -> None:
    import serving.client  # noqa: F401

    # Long enough that another process takes the next one.
    time.sleep(0.2)
