"""The server: all parts put together, and an orderly end."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from serving.model_server.answering import Answering, FinishedRequest
from serving.model_server.batching.parameters import read_batching_parameters
from serving.model_server.config_file_poller import ConfigFilePoller
from serving.model_server.errors import RequestError
from serving.model_server.flags import check_options
from serving.model_server.grpc_options import channel_options, most_requests
from serving.model_server.health import Health
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.model_config import check_base_path, read_config_file, read_models, single_model_config
from serving.model_server.model_service import ModelService
from serving.model_server.models import Models
from serving.model_server.monitoring import Monitoring
from serving.model_server.monitoring_config import read_metrics_path
from serving.model_server.options import ServerOptions
from serving.model_server.prediction_service import PredictionService
from serving.model_server.reflection import add_reflection
from serving.model_server.request_log import RequestLog
from serving.model_server.tls import read_server_credentials
from serving.model_server.undecodable import RefuseUndecodable
from serving.model_server.warmup import load_warm

_LOG = logging.getLogger(__name__)


class ModelServer:
    """Serves models; `start`, then `stop`.

    Args:
        options: What to serve, and how.
        on_available: Called with a version whenever the highest one available of some model has changed.

    Raises:
        ValueError: An option or a file that it names is wrong; one line with the flag or the file.
    """

    def __init__(self, options: ServerOptions, on_available: Callable[[int], None] | None = None) -> None:
        """Read the files that the options name; nothing runs before `start`."""
        check_options(options)
        self._options = options
        self._on_available = on_available
        self._latest: dict[str, int | None] = {}
        self._credentials = read_server_credentials(options.ssl_config_file) if options.ssl_config_file else None
        if options.enable_batching:
            read_batching_parameters(options.batching_parameters_file)
        self._monitoring = Monitoring(read_metrics_path(options.monitoring_config_file))
        self._config = _read_config(options)
        self._request_log = RequestLog(self._monitoring.record_logged)
        self.models = self._make_models()
        self._health = Health(lambda: self.models.available)
        self._answering = Answering(self.models, self._note_finished)
        self._poller = self._make_poller()
        self._rest = self._make_rest_server() if options.rest_api_port else None
        self._grpc = self._make_grpc_server()
        self._stopped = False

    def start(self) -> int:
        """Listen, begin to load, and return the gRPC port.

        Raises:
            OSError: An address cannot be had.
        """
        bound = self._bind()
        if self._rest is not None:
            self._rest.start()
        self._grpc.start()
        self.models.on_change(self._note_change)
        self.models.start()
        if self._poller is not None:
            self._poller.start()
        return bound

    def stop(self) -> None:
        """Refuse new requests, let those under way finish within `drain_seconds`, and end; may be called again."""
        if self._stopped:
            return
        self._stopped = True
        self._health.drain()
        if self._rest is not None:
            self._rest.begin_stop()
        self._grpc.stop(self._options.drain_seconds).wait()
        if self._rest is not None:
            self._rest.stop()
        self.models.stop()
        if self._poller is not None:
            self._poller.stop()
        self._request_log.close()

    def _make_models(self) -> Models[LoadedModel]:
        try:
            models = Models(self._config, self._load, self._options, self._request_log.configure)
        except RequestError as error:
            hint = ""
            if error.code == grpc.StatusCode.FAILED_PRECONDITION:
                hint = "; --allow_version_labels_for_unavailable_models allows it"
            raise ValueError(f"{self._options.model_config_file}: {error}{hint}") from error
        self._monitoring.watch_queue(lambda: _queue_length(models))
        return models

    def _make_poller(self) -> ConfigFilePoller | None:
        file, pause_seconds = self._options.model_config_file, self._options.model_config_file_poll_wait_seconds
        if file is None or not pause_seconds:
            return None
        return ConfigFilePoller(file, self._config, pause_seconds, self.models.reload)

    def _make_rest_server(self) -> Any:
        # Only with REST: a server without it starts faster.
        from serving.model_server.rest.app import rest_app
        from serving.model_server.rest_server import RestServer

        options = self._options
        timeout_seconds = options.rest_api_timeout_in_ms / 1000
        app = rest_app(self._answering, self.models, self._monitoring, timeout_seconds, options.grpc_max_message_bytes)
        return RestServer(app, options.host, options.rest_api_port, options.drain_seconds)

    def _make_grpc_server(self) -> grpc.Server:
        workers = ThreadPoolExecutor(most_requests(self._options), thread_name_prefix="request")
        server = grpc.server(workers, interceptors=[RefuseUndecodable()], options=channel_options(self._options))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(self._answering), server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(self.models), server)
        self._health.add_to(server)
        add_reflection(server)
        return server

    def _bind(self) -> int:
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        address = f"{host}:{self._options.port}"
        try:
            if self._credentials is None:
                return int(self._grpc.add_insecure_port(address))
            return int(self._grpc.add_secure_port(address, self._credentials))
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: the port is taken or the host is not ours") from error

    def _load(self, directory: Path) -> LoadedModel:
        start = time.monotonic()
        succeeded = False
        try:
            model = load_warm(directory, self._options)
            if model.batching is not None:
                model.batching.on_batch = self._monitoring.record_batch
            succeeded = True
            return model
        finally:
            self._monitoring.record_load(directory, time.monotonic() - start, succeeded)

    def _note_finished(self, finished: FinishedRequest) -> None:
        self._monitoring.record(finished)
        self._request_log.record(finished)

    def _note_change(self, name: str, available: frozenset[int]) -> None:
        self._monitoring.set_available(name, available)
        self._health.set_available(name, available)
        latest = max(available, default=None)
        if self._on_available is not None and latest is not None and latest != self._latest.get(name):
            self._on_available(latest)
        self._latest[name] = latest


def serve(
    options: ServerOptions,
    on_listening: Callable[[int], None] | None = None,
    on_available: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or the `stop` event.

    Call from the main thread: only there can signals be handled.

    Args:
        options: What to serve, and how.
        on_listening: Called once with the gRPC port.
        on_available: Called with a version whenever the highest one available of some model has changed.
        stop: Another way to end.

    Raises:
        ValueError: An option or a file that it names is wrong.
        OSError: An address cannot be had.
    """
    stop = stop or threading.Event()
    server = ModelServer(options, on_available)
    handlers = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        bound = server.start()
        if on_listening is not None:
            on_listening(bound)
        stop.wait()
        _LOG.info("ending: requests under way have %g s", options.drain_seconds)
        server.stop()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _read_config(options: ServerOptions) -> Any:
    """Return the ModelServerConfig of the options; a file is checked with its base paths."""
    file = options.model_config_file
    if file is None:
        assert options.model_base_path is not None
        return single_model_config(options.model_name, options.model_base_path)
    config = read_config_file(file)
    try:
        for model in read_models(config).values():
            check_base_path(model)
    except RequestError as error:
        raise ValueError(f"{file}: {error}") from error
    return config


def _queue_length(models: Models[LoadedModel]) -> int:
    return sum(model.batching.queue_length() for model in models.in_service() if model.batching is not None)
