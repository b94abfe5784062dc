"""The request log: a sample of the requests and their answers as TFRecord files of PredictionLog messages."""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorflow_serving.apis import prediction_log_pb2

from serving.model_server.errors import one_line
from serving.model_server.request_log_config import ModelLogging, read_logging
from serving.model_server.request_log_file import RequestLogFile, adopt_leftovers

if TYPE_CHECKING:
    from serving.model_server.answering import FinishedRequest

_LOG = logging.getLogger(__name__)
_LOG_FIELDS = {
    "Predict": "predict_log",
    "Classify": "classify_log",
    "Regress": "regress_log",
    "MultiInference": "multi_inference_log",
}
_MOST_WAITING = 1000
_MOST_WAITING_BYTES = 64 * 1024 * 1024
_SECONDS_BETWEEN_WARNINGS = 60.0


class RequestLog:
    """Writes samples of the answered requests; a request never waits for the disk.

    One thread writes what a bounded queue holds. What cannot be written, or finds the queue full, is lost and counted,
    and one line a minute at most says so. All methods may be called from any thread.

    Args:
        on_records: Called with model, records written and records lost, whenever one of these grows. A record is
            written once its file has its name.
        file_bytes: A file that has this size is finished, and the next begun.
        file_seconds: So is a file that is so old.
    """

    def __init__(
        self,
        on_records: Callable[[str, int, int], None] = lambda model, written, lost: None,
        file_bytes: int = 64 * 1024 * 1024,
        file_seconds: float = 60.0,
    ) -> None:
        """Start to wait for records; nothing is logged before `configure`."""
        self.lost = 0
        self._on_records = on_records
        self._file_bytes, self._file_seconds = file_bytes, file_seconds
        self._models: dict[str, ModelLogging] = {}
        self._files: dict[Path, RequestLogFile] = {}
        self._queue: queue.Queue[tuple[str, Path, bytes] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._waiting = self._waiting_bytes = 0
        self._unsaid, self._reason, self._last_warning = 0, "", -math.inf
        self._closed = False
        self._thread = threading.Thread(target=self._keep_writing, name="request log", daemon=True)
        self._thread.start()

    def configure(self, model_server_config: Any) -> None:
        """Log what a ModelServerConfig asks for, from now on.

        Raises:
            ValueError: A `logging_config` cannot be followed; then nothing changes.
        """
        models = read_logging(model_server_config)
        for logging_of_model in models.values():
            adopt_leftovers(logging_of_model.prefix)
        self._models = models

    def record(self, finished: "FinishedRequest") -> None:
        """Log a request if it succeeded, its model's requests are logged, and the sample has it."""
        to = self._models.get(finished.model)
        if to is None or finished.response is None or finished.method not in _LOG_FIELDS or not to.takes():
            return
        data = _prediction_log(finished, to.config).SerializeToString()
        with self._lock:
            full = self._waiting >= _MOST_WAITING or self._waiting_bytes + len(data) > _MOST_WAITING_BYTES
            if not full and not self._closed:
                self._waiting += 1
                self._waiting_bytes += len(data)
                # Under the lock: nothing may follow the end of the queue.
                self._queue.put((finished.model, to.prefix, data))
                return
        self._lose(finished.model, 1, "the queue of the writer is full" if full else "the log is closed")

    def close(self, seconds: float = 5.0) -> None:
        """Write what waits, finish the files, and take nothing more.

        Args:
            seconds: How long a slow disk may take; what then still waits is lost.
        """
        with self._lock:
            self._closed = True
            self._queue.put(None)
        self._thread.join(seconds)
        with self._lock:
            waiting = self._waiting
        if self._thread.is_alive() and waiting:
            _LOG.warning("request log: the disk did not take the last %d records in %g s", waiting, seconds)
        self._warn()

    def _keep_writing(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=self._until_rotation())
            except queue.Empty:
                self._finish_old_files()
                continue
            if item is None:
                break
            self._write(*item)
            with self._lock:
                self._waiting -= 1
                self._waiting_bytes -= len(item[2])
            self._finish_old_files()
        for prefix in list(self._files):
            self._finish(prefix)

    def _write(self, model: str, prefix: Path, data: bytes) -> None:
        try:
            file = self._files.get(prefix)
            if file is None:
                file = self._files[prefix] = RequestLogFile(prefix)
            file.write(data, model)
        # Whatever goes wrong with one record, the next one has its chance and the server goes on.
        except Exception as error:
            self._lose(model, 1, f"{prefix}: {error}")

    def _until_rotation(self) -> float | None:
        if not self._files:
            return None
        oldest = min(file.started for file in self._files.values())
        return max(0.0, oldest + self._file_seconds - time.monotonic())

    def _finish_old_files(self) -> None:
        now = time.monotonic()
        for prefix, file in list(self._files.items()):
            if file.size >= self._file_bytes or now - file.started >= self._file_seconds:
                self._finish(prefix)

    def _finish(self, prefix: Path) -> None:
        file = self._files.pop(prefix)
        try:
            file.finish()
        except Exception as error:
            for model, count in file.records.items():
                self._lose(model, count, f"{prefix}: {error}")
            return
        for model, count in file.records.items():
            self._on_records(model, count, 0)

    def _lose(self, model: str, count: int, reason: str) -> None:
        self._on_records(model, 0, count)
        with self._lock:
            self.lost += count
            self._unsaid += count
            self._reason = one_line(reason)
            is_time = time.monotonic() - self._last_warning >= _SECONDS_BETWEEN_WARNINGS
        if is_time:
            self._warn()

    def _warn(self) -> None:
        with self._lock:
            count, reason = self._unsaid, self._reason
            self._unsaid, self._last_warning = 0, time.monotonic()
        if count:
            _LOG.warning("request log: %d records lost since the last such line: %s", count, reason)


def _prediction_log(finished: "FinishedRequest", sampling_config: Any) -> Any:
    log = prediction_log_pb2.PredictionLog()
    log.log_metadata.model_spec.name = finished.model
    log.log_metadata.model_spec.signature_name = finished.signature
    if finished.version is not None:
        log.log_metadata.model_spec.version.value = finished.version
    log.log_metadata.sampling_config.CopyFrom(sampling_config)
    log.log_metadata.timestamp_secs = int(time.time())
    entry = getattr(log, _LOG_FIELDS[finished.method])
    entry.request.CopyFrom(finished.request)
    entry.response.CopyFrom(finished.response)
    return log
