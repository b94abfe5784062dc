"""The configuration files are read by the official protos and by our own server."""

from pathlib import Path

from google.protobuf import text_format

from serving.model_server.batching.parameters import read_batching_parameters
from serving.model_server.monitoring_config import DEFAULT_PATH, read_metrics_path

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"


def test_the_model_config_pins_nothing() -> None:
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((DEPLOY / "models.config").read_text(), config)
    [model] = config.model_config_list.config
    assert (model.name, model.model_platform) == ("shoprank", "tensorflow")
    assert not model.HasField("model_version_policy")
    assert Path(model.base_path).is_absolute()


def test_the_batching_parameters() -> None:
    parameters = read_batching_parameters(DEPLOY / "batching.config")
    assert parameters.max_batch_size == parameters.allowed_batch_sizes[-1] == 64
    assert parameters.pad_variable_length_inputs


def test_the_metrics_are_where_the_manifests_say() -> None:
    assert read_metrics_path(DEPLOY / "monitoring.config") == DEFAULT_PATH
