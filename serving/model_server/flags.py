"""The server's flags: names, defaults and meaning of TensorFlow Serving's `tensorflow_model_server`."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from serving.model_server.grpc_options import read_channel_arguments
from serving.model_server.options import ServerOptions

PROGRAM = "serving.model_server"
_HIGHEST_PORT = 65535
_MOST_SECONDS = 1e6
_MOST = 2**31 - 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one line: the usage of all flags would hide it."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError(f"must be true or false, is {text!r}")
    return text.lower() in ("true", "1")


def _path(text: str) -> Path | None:
    return Path(text) if text else None


_FLAGS: dict[str, tuple[Callable[[str], Any], str]] = {
    "port": (int, "gRPC port; 0 takes a free one"),
    "host": (str, "address to listen on, for gRPC and REST"),
    "rest_api_port": (int, "REST port; 0 offers no REST"),
    "rest_api_timeout_in_ms": (int, "longest time of a REST request"),
    "model_name": (str, "name of the model; ignored with --model_config_file"),
    "model_base_path": (_path, "directory of its numbered versions; ignored with --model_config_file"),
    "model_config_file": (_path, "file with a ModelServerConfig in text form"),
    "model_config_file_poll_wait_seconds": (float, "seconds between two readings of that file; 0 reads it once"),
    "file_system_poll_wait_seconds": (float, "seconds between two looks for new versions; 0 looks once"),
    "allow_version_labels_for_unavailable_models": (_truth, "let new labels name versions that are not loaded"),
    "max_num_load_retries": (int, "further tries of a version that cannot be loaded"),
    "load_retry_interval_micros": (int, "microseconds between two such tries"),
    "enable_batching": (_truth, "join concurrent requests"),
    "batching_parameters_file": (_path, "file with BatchingParameters in text form"),
    "monitoring_config_file": (_path, "file with a MonitoringConfig in text form"),
    "ssl_config_file": (_path, "file with an SSLConfig in text form; gRPC is encrypted with it"),
    "grpc_max_threads": (int, "most gRPC requests answered at a time; four a core if not set"),
    "grpc_channel_arguments": (str, "arguments of the gRPC server, as key=value,key=value"),
    "grpc_max_message_bytes": (int, "largest request"),
    "tensorflow_intra_op_parallelism": (int, "threads inside one operation; 0 lets TensorFlow choose"),
    "tensorflow_inter_op_parallelism": (int, "operations at a time; 0 lets TensorFlow choose"),
    "enable_model_warmup": (_truth, "replay a version's warm-up requests before it is ready"),
    "num_request_iterations_for_warmup": (int, "how often each warm-up request is replayed"),
    "drain_seconds": (float, "how long requests under way may take when the server ends"),
    "stop_on_stdin_close": (_truth, "end when standard input does, as when a parent process dies"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "port": (0, _HIGHEST_PORT),
    "rest_api_port": (0, _HIGHEST_PORT),
    "rest_api_timeout_in_ms": (1, _MOST),
    "model_config_file_poll_wait_seconds": (0, _MOST_SECONDS),
    "file_system_poll_wait_seconds": (0, _MOST_SECONDS),
    "max_num_load_retries": (0, _MOST),
    "grpc_max_threads": (1, 10_000),
    "grpc_max_message_bytes": (1, _MOST),
    "tensorflow_intra_op_parallelism": (0, _MOST),
    "tensorflow_inter_op_parallelism": (0, _MOST),
    "num_request_iterations_for_warmup": (1, _MOST),
    "drain_seconds": (0, _MOST_SECONDS),
}


def read_flags(arguments: Sequence[str] | None = None) -> ServerOptions:
    """Return the options of a command line, by default this process's own.

    The files that flags name are read later, when the server is made.

    Raises:
        SystemExit: A flag is unknown or wrong; one line with its name and its value is written to standard error.
    """
    parser = _parser()
    options = ServerOptions(**vars(parser.parse_args(arguments)))
    try:
        check_options(options)
    except ValueError as error:
        parser.error(str(error))
    return options


def check_options(options: ServerOptions) -> None:
    """Check values and combinations.

    Raises:
        ValueError: One line with the flag and its value.
    """
    for name, (low, high) in _RANGES.items():
        value = getattr(options, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"--{name}: must be between {low:.12g} and {high:.12g}, is {value:g}")
    if options.rest_api_port and options.rest_api_port == options.port:
        raise ValueError(f"--rest_api_port: must not be --port's, both are {options.port}")
    if options.model_base_path is None and options.model_config_file is None:
        raise ValueError("--model_base_path or --model_config_file: one of them is needed")
    if not options.model_name and options.model_config_file is None:
        raise ValueError("--model_name: must not be empty")
    if options.batching_parameters_file is not None and not options.enable_batching:
        raise ValueError("--batching_parameters_file: needs --enable_batching")
    if options.model_config_file_poll_wait_seconds and options.model_config_file is None:
        raise ValueError("--model_config_file_poll_wait_seconds: needs --model_config_file")
    read_channel_arguments(options.grpc_channel_arguments)


def _parser() -> argparse.ArgumentParser:
    description = "Serve SavedModels over TensorFlow Serving's gRPC and REST API."
    parser = _Parser(prog=PROGRAM, description=description, allow_abbrev=False)
    defaults = {field.name: field.default for field in fields(ServerOptions)}
    for name, (kind, text) in _FLAGS.items():
        default = defaults[name]
        # TensorFlow Serving takes both `--enable_batching` and `--enable_batching=true`.
        truth: dict[str, Any] = {"nargs": "?", "const": True} if kind is _truth else {}
        shown = "" if default in (None, "") else f" (default: {default})"
        parser.add_argument(f"--{name}", type=kind, default=default, help=text + shown, **truth)
    return parser
