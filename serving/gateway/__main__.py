"""Command line of the gateway: `python -m serving.gateway --server localhost:8500 --feedback DIR`."""

import argparse
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import Any

_GRACE_SECONDS = 5
"""How long requests under way may take when the gateway stops; what waits for the log is written after that."""
LISTENING = "gateway: listening on "
"""What comes before the URL in the line that says that requests are taken."""


def main() -> int:
    """Serve until told to stop; return the exit code."""
    flags = _read_flags()
    logging.basicConfig(level=logging.INFO, format="gateway: %(message)s", stream=sys.stderr)
    if flags.page is not None and not (flags.page / "index.html").is_file():
        return _fail(f"{flags.page}: has no index.html")
    try:
        import uvicorn

        from serving.gateway.app import Gateway, gateway_app
    except ImportError as error:
        return _fail(f"{error.name} is not installed: pip install 'shoprank[gateway]'")
    from serving.client import ShopRankClient
    from serving.feedback import FeedbackLog

    try:
        listening = socket.create_server((flags.host, flags.port))
    except OSError as error:
        return _fail(f"cannot listen on {flags.host}:{flags.port}: {error.strerror}")
    log = FeedbackLog(flags.feedback) if flags.feedback else None
    with listening, ShopRankClient(flags.server, flags.model_name, timeout=flags.timeout) as client:
        app = gateway_app(Gateway(client, log), flags.page)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS))
        # uvicorn ends in order and then raises the signal once more, which would end us before the log is written.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        print(f"{LISTENING}http://{flags.host}:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
        server.run(sockets=[listening])
    return _close(log)


def _close(log: Any) -> int:
    """Write what waits for the log."""
    from serving.feedback import FeedbackLogError

    try:
        if log is not None:
            log.close()
    except FeedbackLogError as error:
        return _fail(str(error))
    return 0


def _read_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serving.gateway", description="JSON over HTTP in front of a model server.")
    parser.add_argument("--server", default="localhost:8500", help="model server, host:port (default: localhost:8500)")
    parser.add_argument("--model_name", default="shoprank", help="name of the model (default: shoprank)")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for an answer (default: 10)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="HTTP port; 0 takes a free one (default: 8080)")
    parser.add_argument("--feedback", type=Path, help="folder of the feedback log; without it none is kept")
    parser.add_argument("--page", type=Path, help="folder with an index.html to show under /")
    flags = parser.parse_args()
    if not 0 <= flags.port <= 65535:
        parser.error(f"--port: must be between 0 and 65535, is {flags.port}")
    if not flags.timeout > 0:
        parser.error(f"--timeout: must be above 0, is {flags.timeout:g}")
    return flags


def _fail(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
