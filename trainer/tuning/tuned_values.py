"""Hyperparameters that a search found, and how they take the place of configured ones.

A name is that of the configuration, such as `retrieval.learning_rate`; a value is a number, a text, a flag or a list of
numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from trainer.hyperparameters import Hyperparameters

Value = bool | int | float | str | list[int | float]
TUNED_FILE = "tuned_values.json"
"""Beside the retrieval package: what the towers were trained with in the place of the configuration."""
_OF_THE_TUNER = "tuner/"
"""Before the names that KerasTuner's Hyperband adds to a trial."""


def encoded(value: Value) -> bool | int | float | str:
    """A value as KerasTuner holds it, which has no lists."""
    return json.dumps(value) if isinstance(value, list) else value


def decoded(values: Mapping[str, Any]) -> dict[str, Value]:
    """The hyperparameters among KerasTuner's values of a trial."""
    ours = {name: value for name, value in values.items() if not name.startswith(_OF_THE_TUNER)}
    return {name: json.loads(value) if _is_list(value) else value for name, value in ours.items()}


def _is_list(value: object) -> bool:
    return isinstance(value, str) and value.startswith("[")


def with_values(settings: Hyperparameters, values: Mapping[str, Value]) -> Hyperparameters:
    """Settings with some of their values replaced.

    Args:
        settings: The configured ones.
        values: `<section>.<field>` -> value.
    """
    for name, value in values.items():
        section, _, field = name.partition(".")
        changed: dict[str, Any] = {section: {**getattr(settings, section), field: value}}
        settings = replace(settings, **changed)
    return settings


def tuned_settings(fn_args: Any) -> Hyperparameters:
    """What a run function trains with: the configured settings, and over them what searches found.

    Values for the ranker stage come from its own search and, with the towers, from theirs.

    Args:
        fn_args: TFX's `FnArgs`. `hyperparameters` is a configuration of `keras_tuner.HyperParameters`, None without a
            search.
    """
    settings = Hyperparameters.from_json(fn_args.custom_config["hyperparameters"])
    return with_values(settings, {**load_values(Path(fn_args.base_model)), **own_values(fn_args)})


def own_values(fn_args: Any) -> dict[str, Value]:
    """What the search before a stage found for it; empty without a search."""
    found = getattr(fn_args, "hyperparameters", None)
    return decoded(found["values"]) if found else {}


def settings_text(fn_args: Any, settings: Hyperparameters) -> str:
    """The JSON text of the settings that a model was trained with; without a search it is that of the configuration."""
    configured = str(fn_args.custom_config["hyperparameters"])
    return configured if settings == Hyperparameters.from_json(configured) else json.dumps(asdict(settings))


def save_values(values: Mapping[str, Value], folder: Path) -> None:
    """Write what a model was tuned to beside it; nothing where nothing was."""
    if values:
        (folder / TUNED_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def load_values(folder: Path) -> dict[str, Value]:
    """Read what `save_values` wrote; empty where it wrote nothing."""
    path = folder / TUNED_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
