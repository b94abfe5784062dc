"""Flags have TensorFlow Serving's names and defaults; a wrong one is one line that names it."""

from dataclasses import fields
from pathlib import Path

import pytest

from serving.model_server.flags import read_flags
from serving.model_server.options import ServerOptions

BASE = "--model_base_path=/models/shop"
CONFIG = "--model_config_file=/models/models.config"


def test_without_a_flag_every_option_has_its_default():
    assert read_flags([BASE]) == ServerOptions(model_base_path=Path("/models/shop"))


def test_every_option_is_a_flag():
    given = {
        "port": "8600", "host": "0.0.0.0", "rest_api_port": "8601", "rest_api_timeout_in_ms": "5", "model_name": "m",
        "model_base_path": "/b", "model_config_file": "/c", "model_config_file_poll_wait_seconds": "2.5",
        "file_system_poll_wait_seconds": "0", "allow_version_labels_for_unavailable_models": "true",
        "max_num_load_retries": "0", "load_retry_interval_micros": "-1", "enable_batching": "TRUE",
        "batching_parameters_file": "/p", "monitoring_config_file": "/m", "ssl_config_file": "/s",
        "grpc_max_threads": "3", "grpc_channel_arguments": "a=1,b=c=d", "grpc_max_message_bytes": "99",
        "tensorflow_intra_op_parallelism": "1", "tensorflow_inter_op_parallelism": "2", "enable_model_warmup": "0",
        "num_request_iterations_for_warmup": "4", "drain_seconds": "0.5", "stop_on_stdin_close": "1",
    }  # fmt: skip
    assert set(given) == {field.name for field in fields(ServerOptions)}
    options = read_flags([f"--{name}={value}" for name, value in given.items()])
    assert options == ServerOptions(
        8600, "0.0.0.0", 8601, 5, "m", Path("/b"), Path("/c"), 2.5, 0.0, True, 0, -1, True, Path("/p"), Path("/m"),
        Path("/s"), 3, "a=1,b=c=d", 99, 1, 2, False, 4, 0.5, True,
    )  # fmt: skip


def test_truth_needs_no_value_and_an_empty_file_name_is_none():
    options = read_flags([BASE, "--enable_batching", "--enable_model_warmup=false", "--ssl_config_file="])
    assert (options.enable_batching, options.enable_model_warmup, options.ssl_config_file) == (True, False, None)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "--model_base_path or --model_config_file: one of them is needed"),
        (["--model_base_path="], "--model_base_path or --model_config_file: one of them is needed"),
        ([BASE, "--port=x"], "argument --port: invalid int value: 'x'"),
        ([BASE, "--port=70000"], "--port: must be between 0 and 65535, is 70000"),
        ([BASE, "--port=-1"], "--port: must be between 0 and 65535, is -1"),
        ([BASE, "--rest_api_port=65536"], "--rest_api_port: must be between 0 and 65535, is 65536"),
        ([BASE, "--rest_api_port=8500"], "--rest_api_port: must not be --port's, both are 8500"),
        ([BASE, "--rest_api_timeout_in_ms=0"], "--rest_api_timeout_in_ms: must be between 1 and 2147483647, is 0"),
        ([BASE, "--model_name="], "--model_name: must not be empty"),
        (
            [BASE, "--file_system_poll_wait_seconds=-1"],
            "--file_system_poll_wait_seconds: must be between 0 and 1000000, is -1",
        ),
        (
            [BASE, "--file_system_poll_wait_seconds=nan"],
            "--file_system_poll_wait_seconds: must be between 0 and 1000000, is nan",
        ),
        (
            [CONFIG, "--model_config_file_poll_wait_seconds=-2"],
            "--model_config_file_poll_wait_seconds: must be between 0 and 1000000, is -2",
        ),
        (
            [BASE, "--model_config_file_poll_wait_seconds=2"],
            "--model_config_file_poll_wait_seconds: needs --model_config_file",
        ),
        ([BASE, "--enable_batching=perhaps"], "argument --enable_batching: must be true or false, is 'perhaps'"),
        ([BASE, "--batching_parameters_file=/p"], "--batching_parameters_file: needs --enable_batching"),
        ([BASE, "--max_num_load_retries=-1"], "--max_num_load_retries: must be between 0 and 2147483647, is -1"),
        ([BASE, "--grpc_max_threads=0"], "--grpc_max_threads: must be between 1 and 10000, is 0"),
        ([BASE, "--grpc_max_message_bytes=0"], "--grpc_max_message_bytes: must be between 1 and 2147483647, is 0"),
        (
            [BASE, "--grpc_channel_arguments=grpc.max_connection_age_ms"],
            "--grpc_channel_arguments: must be key=value,key=value, has 'grpc.max_connection_age_ms'",
        ),
        (
            [BASE, "--tensorflow_intra_op_parallelism=-1"],
            "--tensorflow_intra_op_parallelism: must be between 0 and 2147483647, is -1",
        ),
        (
            [BASE, "--tensorflow_inter_op_parallelism=-1"],
            "--tensorflow_inter_op_parallelism: must be between 0 and 2147483647, is -1",
        ),
        (
            [BASE, "--num_request_iterations_for_warmup=0"],
            "--num_request_iterations_for_warmup: must be between 1 and 2147483647, is 0",
        ),
        ([BASE, "--drain_seconds=inf"], "--drain_seconds: must be between 0 and 1000000, is inf"),
        ([BASE, "--prot=1"], "unrecognized arguments: --prot=1"),
        ([BASE, "--model_base=1"], "unrecognized arguments: --model_base=1"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_one_clear_line(flags, message, capsys):
    with pytest.raises(SystemExit) as end:
        read_flags(flags)
    assert end.value.code == 2
    assert capsys.readouterr().err == f"serving.model_server: error: {message}\n"


def test_help_names_every_flag(capsys):
    with pytest.raises(SystemExit) as end:
        read_flags(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(f"--{field.name}" in text for field in fields(ServerOptions))
