"""What is to be served: the models of a `ModelServerConfig`, checked."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tensorflow_serving.config import model_server_config_pb2

from serving.model_server.errors import invalid_argument
from serving.model_server.request_log_config import read_logging
from serving.model_server.text_proto import read_text_proto
from serving.model_server.version_policy import VersionPolicy, read_version_policy

PLATFORM = "tensorflow"


@dataclass(frozen=True)
class ModelConfig:
    """One model of a server.

    Attributes:
        name: Name under which requests ask for it.
        base_path: Directory with the numbered version directories.
        policy: Which of them to serve.
        version_labels: Label -> version.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = field(default_factory=VersionPolicy)
    version_labels: dict[str, int] = field(default_factory=dict)


def single_model_config(name: str, base_path: Path) -> Any:
    """Return the `ModelServerConfig` of a server with one model and its latest version."""
    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=str(base_path.resolve()), model_platform=PLATFORM)
    return config


def read_config_file(path: Path) -> Any:
    """Return the `ModelServerConfig` of a file in text form.

    Raises:
        ValueError: The file cannot be read or is no `ModelServerConfig`; one line that names the file.
    """
    return read_text_proto(path, model_server_config_pb2.ModelServerConfig())


def read_models(config: Any) -> dict[str, ModelConfig]:
    """Return name -> model of a `ModelServerConfig`; its paths may still be empty or absent.

    Raises:
        RequestError: INVALID_ARGUMENT for a config that cannot be followed, with TensorFlow Serving's wording where it
            has one.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise invalid_argument(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported"
        )
    models: dict[str, ModelConfig] = {}
    for index, proto in enumerate(config.model_config_list.config):
        model = _read_model(proto, index)
        if model.name in models:
            raise invalid_argument(f"Illegal to list model {model.name} multiple times in config list")
        models[model.name] = model
    try:
        read_logging(config)
    except ValueError as error:
        raise invalid_argument(str(error)) from error
    return models


def check_base_path(model: ModelConfig) -> None:
    """Raise INVALID_ARGUMENT if the model's base path is no directory."""
    if not model.base_path.is_dir():
        raise invalid_argument(f"Could not find base path {model.base_path} for servable {model.name}")


def _read_model(proto: Any, index: int) -> ModelConfig:
    if not proto.name:
        raise invalid_argument(f"model_config_list.config[{index}].name: must not be empty")
    _check_platform(proto)
    base_path = Path(proto.base_path)
    if not base_path.is_absolute():
        raise invalid_argument(
            f"Expected model {proto.name} to have an absolute path or URI; got base_path()={proto.base_path}"
        )
    try:
        policy = read_version_policy(proto.model_version_policy)
    except ValueError as error:
        raise invalid_argument(f"model {proto.name}: model_version_policy.{error}") from error
    return ModelConfig(proto.name, base_path, policy, dict(proto.version_labels))


def _check_platform(proto: Any) -> None:
    if proto.model_type and proto.model_platform:
        raise invalid_argument(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform."
        )
    if proto.model_type not in (model_server_config_pb2.MODEL_TYPE_UNSPECIFIED, model_server_config_pb2.TENSORFLOW):
        raise invalid_argument(f"ModelServerConfig::model_type choice {proto.model_type} not supported.")
    if not proto.model_type and not proto.model_platform:
        raise invalid_argument(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform."
        )
    if proto.model_platform not in ("", PLATFORM):
        raise invalid_argument(f"Model {proto.name} requests unsupported platform {proto.model_platform}")
