"""A ModelServerConfig is read whole or refused with a line that says why."""

from pathlib import Path

import grpc
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.model_server.errors import RequestError
from serving.model_server.model_config import (
    ModelConfig,
    check_base_path,
    read_config_file,
    read_models,
    single_model_config,
)
from serving.model_server.version_policy import VersionPolicy

SHOP = 'config { name: "shop" base_path: "/models/shop" model_platform: "tensorflow" %s }'


def read(text):
    return read_models(text_format.Parse(text, model_server_config_pb2.ModelServerConfig()))


def test_models_with_policies_and_labels():
    policy = 'model_version_policy { all {} } version_labels { key: "stable" value: 3 }'
    old = 'config { name: "old" base_path: "/models/old" model_type: TENSORFLOW }'
    assert read(f"model_config_list {{ {SHOP % policy} {old} }}") == {
        "shop": ModelConfig("shop", Path("/models/shop"), VersionPolicy(None), {"stable": 3}),
        "old": ModelConfig("old", Path("/models/old"), VersionPolicy(1), {}),
    }
    assert read("model_config_list {}") == {}


def test_one_model_from_the_flags_is_the_same_as_from_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_models(single_model_config("shop", Path("here"))) == {"shop": ModelConfig("shop", tmp_path / "here")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported",
        ),
        (
            "custom_model_config {}",
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported",
        ),
        (f"model_config_list {{ {SHOP} {SHOP} }}", "Illegal to list model shop multiple times in config list"),
        (
            'model_config_list { config { base_path: "/x" model_platform: "tensorflow" } }',
            "model_config_list.config[0].name: must not be empty",
        ),
        (
            'model_config_list { config { name: "shop" base_path: "x" model_platform: "tensorflow" } }',
            "Expected model shop to have an absolute path or URI; got base_path()=x",
        ),
        (
            'model_config_list { config { name: "shop" model_platform: "tensorflow" } }',
            "Expected model shop to have an absolute path or URI; got base_path()=",
        ),
        (
            'model_config_list { config { name: "shop" base_path: "/x" } }',
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform.",
        ),
        (
            f"model_config_list {{ {SHOP % 'model_type: TENSORFLOW'} }}",
            "Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform.",
        ),
        (
            'model_config_list { config { name: "shop" base_path: "/x" model_type: OTHER } }',
            "ModelServerConfig::model_type choice 2 not supported.",
        ),
        (
            'model_config_list { config { name: "shop" base_path: "/x" model_platform: "caffe" } }',
            "Model shop requests unsupported platform caffe",
        ),
        (
            f"model_config_list {{ {SHOP % 'model_version_policy { specific {} }'} }}",
            "model shop: model_version_policy.specific.versions: must name at least one version",
        ),
        (
            f"model_config_list {{ {SHOP % 'logging_config { sampling_config { sampling_rate: 2 } }'} }}",
            "model shop: logging_config: log_collector_config.filename_prefix: is ''",
        ),
    ],
)
def test_what_cannot_be_followed_is_invalid(text, message):
    with pytest.raises(RequestError) as error:
        read(text.replace("%s", ""))
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.INVALID_ARGUMENT, message)


def test_a_base_path_must_be_a_directory(tmp_path):
    check_base_path(ModelConfig("shop", tmp_path))
    with pytest.raises(RequestError) as error:
        check_base_path(ModelConfig("shop", tmp_path / "absent"))
    assert error.value.code == grpc.StatusCode.INVALID_ARGUMENT
    assert str(error.value) == f"Could not find base path {tmp_path / 'absent'} for servable shop"


def test_a_file_that_is_no_config_is_named(tmp_path):
    file = tmp_path / "models.config"
    file.write_text("model_config_list { config { nome: 'shop' } }")
    with pytest.raises(ValueError) as error:
        read_config_file(file)
    assert str(error.value).startswith(f"{file}: not a ModelServerConfig in text form: line 1, column ")
