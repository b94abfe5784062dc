import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.config import Config, ConfigError, load_config, parse_config, save_config
from tfx_pipeline.continued_training import STARTS_FILE, training_start
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import read_config, with_versions, write_config
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE, add, digest
from trainer.hyperparameters import Hyperparameters
from trainer.model_parts import ModelParts
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.training_span import TrainingSpan

SETTINGS = Hyperparameters({}, {}, {}, {}, {}, {}, seed=7)
SCRATCH = "training starts from scratch: "


def config_of(run_dir: Path, **sections: Any) -> Config:
    document = {
        "run_dir": str(run_dir),
        "data": {"events": {"path": "events.csv"}},
        "objectives": {"purchase": {"event_types": ["purchase"]}},
        "training": {"start": "last_blessed"},
    }
    return parse_config({**document, **sections})


def push(run_dir: Path, version: int, forgotten: str = "") -> Path:
    """A pushed version with the files that say what it was made of."""
    root, folder = run_dir / "tfx", run_dir / "serving" / "shoprank" / str(version)
    parts = ModelParts(root / "package", root / "transform", root / "ranker.keras", json.dumps(asdict(SETTINGS)))
    for path in (parts.package, parts.transform, folder):
        path.mkdir(parents=True, exist_ok=True)
    for path in (parts.ranker, folder / "saved_model.pb"):
        path.touch()
    TrainingSpan(1_700_000_000, forgotten).save(parts.package)
    parts.save(folder)
    return folder


def test_the_first_run_starts_from_scratch_and_says_so(tmp_path: Path) -> None:
    start = training_start(config_of(tmp_path), "first data")
    assert start.sentence == SCRATCH + "no version was pushed before this data came"
    assert start.config.training.continue_from is None


def test_new_data_goes_on_from_the_newest_version_and_old_data_as_before(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    training_start(config, "first data")
    first = push(tmp_path, 10)
    start = training_start(config, "second data")
    assert start.sentence == f"training continues from version {first}"
    assert start.config.training.continue_from == first
    # What is saved of the run stays as the shop wrote it.
    assert config.training.continue_from is None
    push(tmp_path, 20)
    assert training_start(config, "second data").config.training.continue_from == first
    assert training_start(config, "first data").config.training.continue_from is None
    # Another cut in time is other data to learn from.
    moved = config_of(tmp_path, split={"shares": [0.75, 0.85, 0.95]})
    assert training_start(moved, "second data").config.training.continue_from == first.with_name("20")


def test_a_deleted_version_is_gone_on_from_by_its_successor(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    first = push(tmp_path, 10)
    training_start(config, "data")
    push(tmp_path, 20)
    (first / "saved_model.pb").unlink()
    for path in sorted(first.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    first.rmdir()
    assert training_start(config, "data").config.training.continue_from == first.with_name("20")


def test_scratch_is_the_default_and_goes_on_from_nothing(tmp_path: Path) -> None:
    push(tmp_path, 10)
    start = training_start(config_of(tmp_path, training={}), "data")
    assert (start.sentence, start.config.training.continue_from) == ("", None)


def test_a_configured_version_of_another_run_wins(tmp_path: Path) -> None:
    push(tmp_path / "run", 10)
    other = push(tmp_path / "other", 5)
    training = {"start": "last_blessed", "continue_from": str(other)}
    assert training_start(config_of(tmp_path / "run", training=training), "data").config.training.continue_from == other


def test_nothing_is_gone_on_from_once_somebody_was_forgotten(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    push(tmp_path, 10)
    add(tmp_path, "ann")
    start = training_start(config, "data")
    assert start.sentence == SCRATCH + "a user was forgotten after version 10 had learned from everybody"
    assert start.config.training.continue_from is None
    # The next version never knew that user.
    without = push(tmp_path, 20, digest(tmp_path / FORGOTTEN_USERS_FILE))
    assert training_start(config, "later data").config.training.continue_from == without


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("serving/shoprank/10/assets.extra/parts.json", "the model does not say what it was made of"),
        ("tfx/ranker.keras", "the ranker of the model is not there any more"),
    ],
)
def test_a_version_that_lacks_something_is_one_line_that_names_it(tmp_path: Path, broken: str, line: str) -> None:
    push(tmp_path, 10)
    (tmp_path / broken).unlink()
    with pytest.raises(PipelineError, match=rf"^{tmp_path / broken}: {line}[^\n]*$"):
        training_start(config_of(tmp_path), "data")


def test_a_folder_that_is_no_version_is_one_line_that_names_it(tmp_path: Path) -> None:
    training = {"start": "last_blessed", "continue_from": "/nowhere"}
    with pytest.raises(PipelineError, match=r"^/nowhere/assets.extra/parts.json: the model does not say [^\n]*$"):
        training_start(config_of(tmp_path, training=training), "data")


def test_after_a_rollback_the_stable_version_is_gone_on_from(tmp_path: Path) -> None:
    stable, _ = push(tmp_path, 10), push(tmp_path, 20)
    config = with_versions(read_config(tmp_path), [10], {"stable": 10})
    write_config(tmp_path, config)
    assert training_start(config_of(tmp_path), "data").config.training.continue_from == stable


def test_data_that_were_learned_from_scratch_say_so(tmp_path: Path) -> None:
    push(tmp_path, 10)
    training_start(config_of(tmp_path, training={}), "data")
    start = training_start(config_of(tmp_path), "data")
    assert (
        start.sentence == SCRATCH + "so did the first run on this data, and no model is to learn the same events twice"
    )


def test_a_start_from_scratch_needs_no_list_of_starts(tmp_path: Path) -> None:
    (tmp_path / STARTS_FILE).write_text("{")
    training_start(config_of(tmp_path, training={}), "data")
    assert list(json.loads((tmp_path / STARTS_FILE).read_text()).values()) == [""]


def test_a_damaged_list_of_starts_is_named(tmp_path: Path) -> None:
    (tmp_path / STARTS_FILE).write_text("[1]")
    with pytest.raises(PipelineError, match=rf"^{tmp_path / STARTS_FILE}: damaged: [^\n]*$"):
        training_start(config_of(tmp_path), "data")


def test_private_towers_do_not_go_on(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    private = config.training_privacy.model_copy(update={"noise_multiplier": 1.0})
    with pytest.raises(PipelineError, match=r"^training.start is last_blessed where training_privacy.noise_multiplier"):
        training_start(config.model_copy(update={"training_privacy": private}), "data")


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("start", "warm", "training.start: Input should be 'scratch' or 'last_blessed'"),
        ("continued_epochs", 0, "training.continued_epochs: Input should be greater than or equal to 1"),
        ("learning_rate_share", 0, "training.learning_rate_share: Input should be greater than 0"),
        ("overlap_days", -1, "training.overlap_days: Input should be greater than or equal to 0"),
        ("forgetting", 0, "training.forgetting: Input should be greater than 0"),
        ("forgetting", 1.1, "training.forgetting: Input should be less than or equal to 1"),
        ("continue_from", "x", "training: continue_from is x where start is scratch, not last_blessed"),
    ],
)
def test_an_invalid_setting_is_named(tmp_path: Path, field: str, value: Any, line: str) -> None:
    with pytest.raises(ConfigError, match=rf"{line}$"):
        config_of(tmp_path, training={field: value})


def test_the_configured_version_is_relative_to_the_file(tmp_path: Path) -> None:
    config = config_of(tmp_path, training={"start": "last_blessed", "continue_from": "run/serving/shoprank/3"})
    save_config(config, tmp_path / "shop.yaml")
    assert load_config(tmp_path / "shop.yaml").training.continue_from == tmp_path / "run/serving/shoprank/3"


def test_the_trainers_are_told_and_nothing_changes_from_scratch(tmp_path: Path) -> None:
    from tfx_pipeline.pipeline import _custom_config

    version = push(tmp_path, 10)
    training = {"start": "last_blessed", "forgetting": 0.25, "overlap_days": 3, "continued_epochs": 2}
    config = config_of(tmp_path, training=training)
    plain = _custom_config(config_of(tmp_path, training={}))
    # Nothing is resolved yet: the pipeline of a configuration alone starts from scratch.
    assert _custom_config(config) == plain
    told = _custom_config(training_start(config, "data").config)
    assert {name: told[name] for name in plain} == plain
    assert Continuation.of(told) == Continuation(version, 2, 1.0, 3.0, 0.25)


def test_the_text_stages_are_told_as_well(tmp_path: Path) -> None:
    from tfx_pipeline.pipeline import create_pipeline

    version = push(tmp_path, 10)
    config = config_of(tmp_path, text={"pretraining": {"maximum_steps": 5}, "training": {"mode": "lora"}})
    for start, told in ((config, ""), (training_start(config, "data").config, str(version))):
        stages = {each.id: each.exec_properties for each in create_pipeline(start, "data").components}
        for name in ("TextPretraining", "TextTraining"):
            continuation = stages[name]["continuation"]
            assert (str(Continuation.from_json(continuation).version) if continuation else "") == told
        assert stages["TextPretraining"]["fine_tuning"] == "lora"
