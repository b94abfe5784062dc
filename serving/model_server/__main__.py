"""Command line of the model server: `python -m serving.model_server --model_base_path DIR`; see `flags.py`."""

import gc
import logging
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

# TensorFlow's import is faster with Keras 2 than with Keras 3, and nothing here uses either.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from serving.model_server.flags import read_flags
from serving.model_server.options import ServerOptions

LISTENING = "model server: listening on "
"""What comes before `host:port` in the line that says that requests are taken."""


def main() -> int:
    """Serve until told to stop; return the exit code."""
    options = read_flags()
    logging.basicConfig(level=logging.INFO, format="model server: %(message)s", stream=sys.stderr)
    missing = _missing_path(options)
    if missing is not None:
        return _fail(f"{missing}: no such file or directory")
    stop = threading.Event()
    if options.stop_on_stdin_close:
        threading.Thread(target=_stop_on_stdin_close, args=(stop,), daemon=True).start()
    # Takes seconds: flags are checked first.
    from serving.model_server.server import serve

    # What the imports made stays: looking through it whenever a version is let go would stop the requests for long.
    gc.freeze()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        serve(options, on_listening=lambda port: _say_where(replace(options, port=port)), stop=stop)
    except (OSError, ValueError) as error:
        return _fail(str(error))
    return 0


def _missing_path(options: ServerOptions) -> Path | None:
    """Return the first path of the flags that is not there."""
    files = [options.model_config_file, options.batching_parameters_file]
    files += [options.monitoring_config_file, options.ssl_config_file]
    base_path = options.model_base_path if options.model_config_file is None else None
    missing = [file for file in files if file is not None and not file.is_file()]
    if base_path is not None and not base_path.is_dir():
        missing.append(base_path)
    return missing[0] if missing else None


def _say_where(options: ServerOptions) -> None:
    _say(f"{LISTENING}{options.host}:{options.port}")
    if options.rest_api_port:
        _say(f"model server: REST on {options.host}:{options.rest_api_port}")


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
    code = main()
    sys.stderr.flush()
    # At an ordinary exit Python would wait for the thread of a request that outlasts the drain.
    os._exit(code)
