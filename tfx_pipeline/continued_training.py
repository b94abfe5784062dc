"""Which model a run goes on from: found before the pipeline is made, which depends on its configuration alone."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from serving.model_server.version_directory import find_versions
from tfx_pipeline.config import Config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import pins_of, read_config
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, digest
from tfx_pipeline.write_aside import write_aside
from trainer.damaged_files import DamagedFileError
from trainer.model_parts import ModelParts, ModelPartsError
from trainer.warm_start.continuation import run_of
from trainer.warm_start.training_span import TrainingSpan

STARTS_FILE = "training_starts.json"
"""In the run directory: for the data of each run the version that it went on from, '' for a start from scratch."""


@dataclass(frozen=True)
class TrainingStart:
    """What a run starts from.

    Attributes:
        config: Its configuration, with `training.continue_from` where it goes on from a model; what the pipeline is
            made of.
        sentence: What was decided and why, for the console.
    """

    config: Config
    sentence: str


def training_start(config: Config, data_hash: str) -> TrainingStart:
    """Find the model that a run goes on from.

    A run on data that an earlier run has had starts where that one did. So calling it again takes all from the cache,
    and a model never goes on from one that has learned the same events.

    Args:
        config: The configuration of the run.
        data_hash: `fingerprint` of its data.

    Raises:
        PipelineError: The configured version is none, or the parts of the version are missing or damaged; or the
            towers are trained with differential privacy, which a second training on the same users would spend twice.
    """
    learned = _learned(config, data_hash)
    if config.training.start == "scratch":
        _note_scratch(config.run_dir, learned)
        return TrainingStart(config, "")
    if config.training_privacy.settings is not None:
        raise PipelineError(
            "training.start is last_blessed where training_privacy.noise_multiplier is set: each training spends "
            "privacy of its own, so private towers start from scratch"
        )
    version = config.training.continue_from or _version_of(config.run_dir, learned)
    reason = "" if version is None else _reason_against(version, config.run_dir)
    if version is None or reason:
        told = f"training starts from scratch: {reason or _reason_for_none(config.run_dir, learned)}"
        _note(config.run_dir, learned, None)
        return TrainingStart(_starting_from(config, None), told)
    _note(config.run_dir, learned, version)
    return TrainingStart(_starting_from(config, version), f"training continues from version {version}")


def _learned(config: Config, data_hash: str) -> str:
    """A digest of what a run learns from: the data, and how it is cut in time."""
    return blake2b(f"{data_hash} {config.split.model_dump_json()}".encode(), digest_size=16).hexdigest()


def _starting_from(config: Config, version: Path | None) -> Config:
    return config.model_copy(update={"training": config.training.model_copy(update={"continue_from": version})})


def _reason_for_none(run_dir: Path, learned: str) -> str:
    if _starts(run_dir).get(learned) == "":
        return "so did the first run on this data, and no model is to learn the same events twice"
    return "no version was pushed before this data came"


def _version_of(run_dir: Path, learned: str) -> Path | None:
    """The version that runs on this data go on from: the same as before, or else the stable one, or the newest."""
    known = _starts(run_dir).get(learned)
    if known == "":
        return None
    # Whoever deleted the version cannot mean that it is gone on from.
    if known is not None and (serving_dir(run_dir) / known).is_dir():
        return serving_dir(run_dir) / known
    versions = find_versions(serving_dir(run_dir))
    # After a rollback the newest is not the one that is trusted.
    pins = pins_of(read_config(run_dir))
    if pins is not None and pins.stable in versions:
        return versions[pins.stable]
    return versions[max(versions)] if versions else None


def _reason_against(version: Path, run_dir: Path) -> str:
    """Why a version must not be gone on from; '' if it may."""
    earlier = run_of(version)
    try:
        parts = ModelParts.load(version, earlier / "tfx")
        trained_without = TrainingSpan.load(parts.package).forgotten
    except (ModelPartsError, DamagedFileError) as error:
        raise PipelineError(str(error)) from error
    lists = {digest(folder / FORGOTTEN_USERS_FILE) for folder in (earlier, run_dir)} - {""}
    if lists - {trained_without}:
        return f"a user was forgotten after version {version.name} had learned from everybody"
    return ""


def _starts(run_dir: Path) -> dict[str, str]:
    path = run_dir / STARTS_FILE
    if not path.exists():
        return {}
    try:
        starts = json.loads(path.read_text(encoding="utf-8"))
        return {str(data): str(version) for data, version in starts.items()}
    except (ValueError, AttributeError) as error:
        raise PipelineError(f"{path}: damaged: {error}; without the file the next run starts from scratch") from error


def _note_scratch(run_dir: Path, learned: str) -> None:
    """Remember a start that reads nothing of earlier ones, so that a damaged file does not stop it."""
    try:
        _note(run_dir, learned, None)
    except PipelineError:
        (run_dir / STARTS_FILE).unlink()
        _note(run_dir, learned, None)


def _note(run_dir: Path, learned: str, version: Path | None) -> None:
    """Remember the start of the runs on this data."""
    starts = _starts(run_dir)
    starts[learned] = "" if version is None else version.name
    run_dir.mkdir(parents=True, exist_ok=True)
    with write_aside(run_dir / STARTS_FILE) as aside:
        aside.write_text(json.dumps(starts, indent=1) + "\n", encoding="utf-8")
