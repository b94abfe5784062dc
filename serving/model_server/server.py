"""The server: gRPC endpoint, loading in the background, an orderly end."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from serving.model_server.loaded_model import LoadedModel
from serving.model_server.model_service import ModelService
from serving.model_server.prediction_service import PredictionService
from serving.model_server.versions import Versions
from serving.model_server.warmup import load_warm

GRACE_SECONDS = 5.0
"""How long requests under way may take when the server stops."""
_WORKERS = 16
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Otherwise a second server on the same port starts without complaint and takes half of the requests.
    ("grpc.so_reuseport", 0),
]


class ModelServer:
    """Serves one model; `start`, then `stop`.

    Args:
        model_name: Name under which requests ask for the model.
        model_base_path: Directory with the numbered version directories; it may still be empty.
        port: TCP port; 0 takes a free one.
        host: Address to listen on.
        poll_seconds: Time between two looks for new versions.
        on_available: Called with the version whenever one comes into service.
    """

    def __init__(
        self,
        model_name: str,
        model_base_path: Path,
        port: int = 8500,
        host: str = "127.0.0.1",
        poll_seconds: float = 1.0,
        on_available: Callable[[int], None] | None = None,
    ) -> None:
        """Take note of what to serve; nothing runs before `start`."""
        self._versions: Versions[LoadedModel] = Versions(model_name, model_base_path, load_warm)
        self._address = (host, port)
        self._poll_seconds = poll_seconds
        self._on_available = on_available
        self._stopping = threading.Event()
        self._loader = threading.Thread(target=self._keep_loading, name="version loader", daemon=True)
        self._server = grpc.server(ThreadPoolExecutor(_WORKERS, thread_name_prefix="request"), options=_OPTIONS)

    def start(self) -> int:
        """Listen, begin to load, and return the port.

        Raises:
            OSError: The address cannot be had.
        """
        host, port = self._address
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(self._versions), self._server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(self._versions), self._server)
        bracketed = f"[{host}]" if ":" in host else host
        try:
            bound = self._server.add_insecure_port(f"{bracketed}:{port}")
        except RuntimeError as error:
            raise OSError(f"cannot listen on {bracketed}:{port}: the port is taken or the host is not ours") from error
        self._server.start()
        self._loader.start()
        return bound

    def stop(self) -> None:
        """Refuse new requests, let those under way finish within `GRACE_SECONDS`, and stop loading."""
        self._stopping.set()
        self._server.stop(GRACE_SECONDS).wait()
        self._loader.join(GRACE_SECONDS)

    def _keep_loading(self) -> None:
        while not self._stopping.is_set():
            if self._versions.refresh() and self._on_available is not None:
                self._on_available(self._versions.find(self._versions.name)[0])
            self._stopping.wait(self._poll_seconds)


def serve(
    model_name: str,
    model_base_path: Path,
    port: int = 8500,
    host: str = "127.0.0.1",
    poll_seconds: float = 1.0,
    on_listening: Callable[[int], None] | None = None,
    on_available: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or the `stop` event; see `ModelServer` for the arguments.

    Call from the main thread: only there can signals be handled.

    Args:
        model_name: Name under which requests ask for the model.
        model_base_path: Directory with the numbered version directories.
        port: TCP port; 0 takes a free one.
        host: Address to listen on.
        poll_seconds: Time between two looks for new versions.
        on_listening: Called once with the port.
        on_available: Called with the version whenever one comes into service.
        stop: Another way to end.

    Raises:
        OSError: The address cannot be had.
    """
    stop = stop or threading.Event()
    server = ModelServer(model_name, model_base_path, port, host, poll_seconds, on_available)
    handlers = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        bound = server.start()
        if on_listening is not None:
            on_listening(bound)
        stop.wait()
        server.stop()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
