"""Command line of the model server: `python -m serving.model_server --model_base_path DIR`.

The flags have the names of TensorFlow Serving's own.
"""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

# TensorFlow's import is faster with Keras 2 than with Keras 3, and nothing here uses either.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

LISTENING = "model server: listening on "
"""What comes before `host:port` in the line that says that requests are taken."""


def main() -> int:
    """Serve until told to stop; return the exit code."""
    flags = _read_flags()
    logging.basicConfig(level=logging.INFO, format="model server: %(message)s", stream=sys.stderr)
    base_path = flags.model_base_path.resolve()
    if not base_path.is_dir():
        return _fail(f"{base_path}: no such directory")
    stop = threading.Event()
    if flags.stop_on_stdin_close:
        threading.Thread(target=_stop_on_stdin_close, args=(stop,), daemon=True).start()
    # Takes seconds: flags are checked first.
    from serving.model_server.server import serve

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        serve(
            flags.model_name,
            base_path,
            port=flags.port,
            host=flags.host,
            poll_seconds=flags.file_system_poll_wait_seconds,
            on_listening=lambda port: _say(f"{LISTENING}{flags.host}:{port}"),
            stop=stop,
        )
    except OSError as error:
        return _fail(str(error))
    return 0


def _read_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serving.model_server", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8500, help="gRPC port; 0 takes a free one (default: 8500)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--model_name", default="shoprank", help="name of the model (default: shoprank)")
    parser.add_argument("--model_base_path", type=Path, required=True, help="directory of the numbered versions")
    parser.add_argument(
        "--file_system_poll_wait_seconds",
        type=float,
        default=1.0,
        help="seconds between two looks for new versions (default: 1)",
    )
    parser.add_argument(
        "--stop_on_stdin_close", action="store_true", help="end when standard input does, as when a parent process dies"
    )
    flags = parser.parse_args()
    if not 0 <= flags.port <= 65535:
        parser.error(f"--port: must be between 0 and 65535, is {flags.port}")
    if flags.file_system_poll_wait_seconds <= 0:
        parser.error(f"--file_system_poll_wait_seconds: must be above 0, is {flags.file_system_poll_wait_seconds:g}")
    return flags


def _stop_on_stdin_close(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(reason: str) -> int:
    _say(f"error: {reason}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
