"""The model config file is what TensorFlow Serving's own protos say, whole or absent, and its errors name it."""

from pathlib import Path

import pytest

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import config_path, pins_of, read_config, with_versions, write_config
from tfx_pipeline.operations.pins import Pins

MODEL = 'config { name: "shoprank" base_path: "/b" model_platform: "tensorflow" %s }'


def given_file(run_dir: Path, models: str) -> Path:
    path = config_path(run_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# a comment\nmodel_config_list {{ {models} }}")
    return path


def test_the_file_is_read_by_the_official_protos(tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    pins = Pins(7, 8)
    write_config(tmp_path, with_versions(read_config(tmp_path), pins.versions, pins.labels))
    text = config_path(tmp_path).read_text()
    [model] = text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config
    assert (model.name, model.model_platform) == ("shoprank", "tensorflow")
    assert model.base_path == str(tmp_path / "serving" / "shoprank")
    assert list(model.model_version_policy.specific.versions) == [7, 8]
    assert dict(model.version_labels) == {"stable": 7, "canary": 8}
    assert pins_of(read_config(tmp_path)) == pins
    assert [path.name for path in config_path(tmp_path).parent.iterdir()] == ["models.config"]


@pytest.mark.parametrize(
    ("policy", "pins"),
    [
        ("", None),
        ("model_version_policy { latest { num_versions: 2 } }", None),
        ("model_version_policy { all {} }", None),
        ("model_version_policy { specific { versions: [3, 9] } }", Pins(9)),
        ('model_version_policy { specific { versions: 3 } } version_labels { key: "stable" value: 3 }', Pins(3)),
    ],
)
def test_what_a_file_pins(tmp_path: Path, policy: str, pins: Pins | None) -> None:
    given_file(tmp_path, MODEL % policy)
    assert pins_of(read_config(tmp_path)) == pins


@pytest.mark.parametrize(
    ("models", "reason"),
    [
        (MODEL % "base_pth: 1", "no model config file: 2:.*base_pth"),
        ('config { name: "other" }', r"must list the model 'shoprank' once, lists \['other'\]"),
        (2 * (MODEL % ""), r"must list the model 'shoprank' once, lists \['shoprank', 'shoprank'\]"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, models: str, reason: str) -> None:
    path = given_file(tmp_path, models)
    with pytest.raises(PipelineError, match=f"^{path}: {reason}"):
        read_config(tmp_path)


def test_a_failure_to_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = given_file(tmp_path, MODEL % "")
    before = path.read_text()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    config = read_config(tmp_path)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_config(tmp_path, config)
    assert path.read_text() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["models.config"]
