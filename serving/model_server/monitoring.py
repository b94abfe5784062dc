"""Metrics of the server for Prometheus, with TensorFlow Serving's names where it has them."""

import re
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from serving.model_server.answering import FinishedRequest

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""Content type of `Monitoring.render`."""
_THREAD_POOL = "model_server_batch_threads"
"""TensorFlow Serving's name of the threads that run batches, where no file gives another."""
_MICROSECONDS = 1e6
_UNKNOWN = "(unknown)"
_ENTRYPOINTS = {"grpc": "GRPC", "rest": "REST"}
_LATENCY_BUCKETS = [float(f"{10 * 1.8**power:.6g}") for power in range(33)]
"""TensorFlow Serving's, in microseconds and with its six digits: 10 to about 20 minutes."""
_QUEUING_BUCKETS = [float(f"{100 * 1.2**power:.6g}") for power in range(52)]
"""TensorFlow Serving's, in microseconds: 100 to about a second."""
_BATCH_SIZES = [2.0**power for power in range(13)]
# The library ends the name of a counter in `_total`, TensorFlow Serving does not.
_TOTAL = re.compile(rb"^((?:# (?:HELP|TYPE) )?:tensorflow:[a-z_:]+)_total(?=[{ ])", re.MULTILINE)
# When a series began is no metric of TensorFlow Serving's, and doubles the page.
_CREATED = re.compile(rb"^(?:# (?:HELP|TYPE) )?[a-z_:]+_created[{ ].*\n", re.MULTILINE)


class Monitoring:
    """Counts what the server does, in a registry of its own. All methods may be called from any thread.

    A model name is a label only once the server has had that model: clients that ask for names of their own choosing
    would otherwise fill the memory. Requests for other names count under `(unknown)`.

    Args:
        path: Path of the metrics on the REST port; None offers none. See `read_metrics_path`.
    """

    def __init__(self, path: str | None = None) -> None:
        """Start with nothing counted."""
        self.path = path
        self._registry = CollectorRegistry()
        self._models: set[str] = set()
        self._lock = threading.Lock()
        self._available: dict[str, frozenset[int]] = {}
        self._define_request_metrics()
        self._define_batching_metrics()
        self._define_model_metrics()
        self._define_request_log_metrics()

    def _define_request_metrics(self) -> None:
        self._requests = Counter(
            ":tensorflow:serving:request_count",
            "Requests by model and status.",
            ["model_name", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Time from a request to its answer, in microseconds.",
            ["model_name", "API", "entrypoint", "status"],
            registry=self._registry,
            buckets=_LATENCY_BUCKETS,
        )
        self._signature_latency = Histogram(
            "shoprank_signature_latency_microseconds",
            "Time from a Predict request to its answer by signature, OK answers alone.",
            ["model_name", "signature"],
            registry=self._registry,
            buckets=_LATENCY_BUCKETS,
        )

    def _define_batching_metrics(self) -> None:
        self._queuing = Histogram(
            ":tensorflow:serving:batching_session:queuing_latency",
            "Time that a request waited for its batch, in microseconds.",
            ["thread_pool_name"],
            registry=self._registry,
            buckets=_QUEUING_BUCKETS,
        )
        self._batch_size = Histogram(
            "shoprank_batch_size",
            "Rows of a batch, before it is padded.",
            ["thread_pool_name"],
            registry=self._registry,
            buckets=_BATCH_SIZES,
        )
        self._queue_length = Gauge(
            "shoprank_batching_queue_length", "Requests that wait for a batch.", registry=self._registry
        )

    def _define_model_metrics(self) -> None:
        self._loads = Counter(
            ":tensorflow:cc:saved_model:load_attempt_count",
            "Attempts to load a version directory, by outcome: success or fail.",
            ["model_path", "status"],
            registry=self._registry,
        )
        self._load_latency = Counter(
            ":tensorflow:cc:saved_model:load_latency",
            "Time to load a version directory and replay its warm-up, in microseconds.",
            ["model_path"],
            registry=self._registry,
        )
        self._versions = Gauge(
            "shoprank_model_version_available",
            "1 for each version of a model that is available.",
            ["model_name", "version"],
            registry=self._registry,
        )

    def _define_request_log_metrics(self) -> None:
        self._logged = Counter(
            "shoprank_request_log_records",
            "Records of the request log, by outcome: written or lost.",
            ["model_name", "outcome"],
            registry=self._registry,
        )

    def record(self, finished: "FinishedRequest") -> None:
        """Count one request."""
        if finished.version is not None:
            self._models.add(finished.model)
        model = finished.model if finished.model in self._models else _UNKNOWN
        microseconds = finished.seconds * _MICROSECONDS
        status = finished.code.name
        self._requests.labels(model, status).inc()
        entrypoint = _ENTRYPOINTS.get(finished.entrypoint, finished.entrypoint)
        self._latency.labels(model, finished.method, entrypoint, status).observe(microseconds)
        if status == "OK" and finished.method == "Predict":
            self._signature_latency.labels(model, finished.signature).observe(microseconds)

    def record_load(self, directory: Path, seconds: float, succeeded: bool) -> None:
        """Count one attempt to load a version directory."""
        self._loads.labels(str(directory), "success" if succeeded else "fail").inc()
        if succeeded:
            self._load_latency.labels(str(directory)).inc(int(seconds * _MICROSECONDS))

    def record_batch(self, rows: int, waited: Sequence[float]) -> None:
        """Count one batch of some rows, and the time in seconds that each of its requests waited for it."""
        self._batch_size.labels(_THREAD_POOL).observe(rows)
        for seconds in waited:
            self._queuing.labels(_THREAD_POOL).observe(seconds * _MICROSECONDS)

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Ask a function for the number of requests that wait for a batch, whenever the metrics are read."""
        self._queue_length.set_function(length)

    def set_available(self, model: str, versions: Collection[int]) -> None:
        """Note which versions of a model are available; none if the model is gone. Fits `Models.on_change`."""
        with self._lock:
            self._models.add(model)
            before = self._available.get(model, frozenset())
            self._available[model] = frozenset(versions)
            for version in before - self._available[model]:
                self._versions.remove(model, str(version))
            for version in versions:
                self._versions.labels(model, str(version)).set(1)

    def record_logged(self, model: str, written: int, lost: int) -> None:
        """Count records of the request log; fits `RequestLog(on_records=...)`."""
        for outcome, count in (("written", written), ("lost", lost)):
            self._logged.labels(model, outcome).inc(count)

    def render(self) -> bytes:
        """Return the metrics in Prometheus's text form, of the type `CONTENT_TYPE`."""
        return _TOTAL.sub(rb"\1", _CREATED.sub(b"", generate_latest(self._registry)))
