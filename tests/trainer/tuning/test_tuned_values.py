"""What a search found, over what is configured."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trainer.distribution.worker import WorkerArgs
from trainer.hyperparameters import Hyperparameters
from trainer.tuning.tuned_values import decoded, encoded, own_values, save_values, settings_text, tuned_settings


def fn_args(settings: Hyperparameters, folder: Path, values: dict[str, Any] | None) -> SimpleNamespace:
    found = None if values is None else {"space": [], "values": values}
    config = {"hyperparameters": json.dumps(asdict(settings))}
    return SimpleNamespace(custom_config=config, base_model=str(folder), hyperparameters=found)


def test_without_a_search_all_is_as_configured(settings: Hyperparameters, tmp_path: Path) -> None:
    args = fn_args(settings, tmp_path, None)
    assert tuned_settings(args) == settings
    assert settings_text(args, settings) == args.custom_config["hyperparameters"]
    save_values(own_values(args), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_ranker_stage_has_what_was_found_for_towers_and_ranker(settings: Hyperparameters, tmp_path: Path) -> None:
    towers = fn_args(settings, tmp_path, {"retrieval.dimension": 16, "tuner/epochs": 2})
    save_values(own_values(towers), tmp_path)
    args = fn_args(settings, tmp_path, {"ranker.hidden": "[16, 8]"})
    tuned = tuned_settings(args)
    assert tuned.retrieval == {**settings.retrieval, "dimension": 16}
    assert tuned.ranker == {**settings.ranker, "hidden": [16, 8]}
    assert replace(tuned, retrieval=settings.retrieval, ranker=settings.ranker) == settings
    assert Hyperparameters.from_json(settings_text(args, tuned)) == tuned


@pytest.mark.parametrize("value", [True, 3, 0.25, "gru", [4.0, 32.0], []])
def test_values_survive_keras_tuner(value: Any) -> None:
    told = encoded(value)
    assert isinstance(told, bool | int | float | str)
    (back,) = decoded({"retrieval.x": told}).values()
    assert back == value and type(back) is type(value)


def test_workers_of_several_machines_are_told(settings: Hyperparameters, tmp_path: Path) -> None:
    args = fn_args(settings, tmp_path, {"retrieval.dimension": 16})
    for name in ("train_files", "eval_files", "transform_output", "serving_model_dir", "model_run_dir"):
        setattr(args, name, [])
    WorkerArgs.of("retrieval_run_fn", args).save(tmp_path / "worker.json")
    told = WorkerArgs.load(tmp_path / "worker.json")
    assert tuned_settings(told).retrieval["dimension"] == 16
