"""The REST port: an ASGI application on uvicorn, in a thread of this process."""

import math
import socket
import threading
from typing import Any

import uvicorn


class RestServer:
    """Serves an application; `start`, then `stop`.

    Args:
        app: The ASGI application.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        drain_seconds: How long requests under way may take when the server ends.
    """

    def __init__(self, app: Any, host: str, port: int, drain_seconds: float) -> None:
        """Take note of what to serve; nothing runs before `start`."""
        self._address = (host, port)
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=math.ceil(drain_seconds),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="REST server", daemon=True)
        self._socket: socket.socket | None = None
        self._drain_seconds = drain_seconds

    def start(self) -> int:
        """Listen and return the port.

        Raises:
            OSError: The address cannot be had.
        """
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port} for REST: {error.strerror}") from error
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def begin_stop(self) -> None:
        """Take no new requests; those under way go on."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Take no new requests, and return when those under way are done or out of time."""
        self.begin_stop()
        if self._thread.is_alive():
            self._thread.join(self._drain_seconds + 1.0)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else None)
