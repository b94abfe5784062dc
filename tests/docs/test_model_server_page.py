"""The page of the model server has every flag with its default, and a configuration that the server follows."""

import re
from dataclasses import fields
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.model_server.model_config import ModelConfig, read_models
from serving.model_server.options import MEBIBYTE, ServerOptions
from serving.model_server.version_policy import VersionPolicy

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "model_server.md").read_text()


def as_on_the_page(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_flag_is_there_with_its_default() -> None:
    rows = re.findall(r"^\| (`--.+?`) \| (.*?) ?\| .+ \|$", PAGE, re.MULTILINE)
    shown = {flag: default for names, default in rows for flag in re.findall(r"--(\w+)", names)}
    expected = {field.name: as_on_the_page(field.default) for field in fields(ServerOptions)}
    assert expected["grpc_max_message_bytes"] == str(16 * MEBIBYTE)
    assert shown == expected | {"grpc_max_threads": "4 a core", "grpc_max_message_bytes": "16 MiB"}


def test_the_configuration_is_one_that_the_server_follows() -> None:
    (text,) = re.findall(r"```text\n(model_config_list .+?)```", PAGE, re.DOTALL)
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    policy, labels = VersionPolicy(None, frozenset({3, 4})), {"stable": 3, "canary": 4}
    assert read_models(config) == {"shoprank": ModelConfig("shoprank", Path("/models/shoprank"), policy, labels)}
