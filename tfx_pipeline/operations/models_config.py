"""The model config file of a run: the text form of a `ModelServerConfig`, which TensorFlow Serving reads as well."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from serving import messages
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.pins import CANARY, STABLE, Pins
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.write_aside import write_aside
from trainer.model_files import MODEL_NAME

CONFIG_FILE = "models.config"
_HEADER = "# Written by `shoprank promote`, `canary` and `rollback`; what else is set here stays.\n"


def config_path(run_dir: Path) -> Path:
    """Where the file of a run is, if it has one."""
    return run_dir / "serving" / CONFIG_FILE


def read_config(run_dir: Path) -> Any:
    """The configuration of a run; one that pins nothing if there is no file.

    Raises:
        PipelineError: The file is no `ModelServerConfig`, or does not list the model once.
    """
    path = config_path(run_dir)
    config = messages.ModelServerConfig()
    if not path.exists():
        base_path = str(serving_dir(run_dir).resolve())
        config.model_config_list.config.add(name=MODEL_NAME, base_path=base_path, model_platform="tensorflow")
        return config
    try:
        text_format.Parse(path.read_text(encoding="utf-8"), config)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise PipelineError(f"{path}: no model config file: {error}") from error
    listed = [model.name for model in config.model_config_list.config]
    if listed.count(MODEL_NAME) != 1:
        raise PipelineError(f"{path}: must list the model {MODEL_NAME!r} once, lists {listed}")
    return config


def pins_of(config: Any) -> Pins | None:
    """What a configuration pins; None if versions come into service by themselves."""
    model = _model(config)
    versions = model.model_version_policy.specific.versions
    if not versions:
        return None
    # A file that was written by hand may have no labels.
    stable = model.version_labels.get(STABLE, max(versions))
    canary = model.version_labels.get(CANARY, stable)
    return Pins(stable, None if canary == stable else canary)


def with_versions(config: Any, versions: Collection[int], labels: Mapping[str, int]) -> Any:
    """The configuration with other versions and labels; no versions means the highest, as it comes."""
    changed = messages.ModelServerConfig.FromString(config.SerializeToString())
    model = _model(changed)
    model.ClearField("model_version_policy")
    model.ClearField("version_labels")
    if versions:
        model.model_version_policy.specific.versions.extend(sorted(versions))
    for label, version in labels.items():
        model.version_labels[label] = version
    return changed


def write_config(run_dir: Path, config: Any) -> None:
    """Write the file, whole or not at all."""
    with write_aside(config_path(run_dir)) as aside:
        aside.write_text(_HEADER + text_format.MessageToString(config, as_utf8=True), encoding="utf-8")


def _model(config: Any) -> Any:
    return next(model for model in config.model_config_list.config if model.name == MODEL_NAME)
