"""Configuration of the search for hyperparameters of towers and ranker."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from tfx_pipeline.table_config import Section
from trainer.tuning.search_settings import TUNING, Dimension, SearchSettings

Stage = Literal["towers", "ranker"]

SECTIONS: dict[str, str] = {"towers": "retrieval", "ranker": "ranker"}
"""Stage -> the section of the configuration whose fields its search changes."""
SEARCHABLE: dict[str, tuple[str, ...]] = {
    "retrieval": (
        "dimension",
        "history_encoder",
        "decays_in_events",
        "decays_in_days",
        "history_vectors",
        "event_types",
        "time_gaps",
        "softmax",
        "queue_negatives",
        "mixed_negatives",
        "uniform_share",
        "hard_negatives",
        "basket_positives",
        "optimizer",
        "epochs",
        "batch_windows",
        "targets_per_window",
        "learning_rate",
        "id_dropout",
    ),
    "ranker": (
        "hidden",
        "crosses",
        "experts",
        "epochs",
        "batch_cases",
        "learning_rate",
        "listwise_weight",
        "pairwise_weight",
    ),
}
"""What a trial can change by itself. Not among it: `retrieval.repeats`, which says what towers are judged by; what the
ranker's candidates are mined with, before it is tuned; and what changes no model."""


class SearchRange(Section):
    """Where the values of one hyperparameter are looked for: among `choices`, or from `min` to `max`."""

    choices: list[Any] = []
    min: float | None = None
    max: float | None = None
    log: bool = False
    """Whether the range is looked at in logarithms, as befits a learning rate."""

    @model_validator(mode="after")
    def _one_kind(self) -> "SearchRange":
        ends = [end for end in (self.min, self.max) if end is not None]
        if len(ends) != (0 if self.choices else 2):
            raise ValueError("give either choices, or both min and max")
        if ends and not ends[0] < ends[1]:
            raise ValueError(f"min is {ends[0]:g}, not below max, which is {ends[1]:g}")
        if self.log and (self.choices or ends[0] <= 0):
            raise ValueError("log needs a min above 0")
        return self


DEFAULT_SPACES: dict[str, dict[str, SearchRange]] = {
    "retrieval": {
        "learning_rate": SearchRange(min=3e-4, max=1e-2, log=True),
        "dimension": SearchRange(choices=[32, 64, 128]),
        "batch_windows": SearchRange(choices=[32, 64, 128]),
        "id_dropout": SearchRange(min=0.0, max=0.5),
    },
    "ranker": {
        "learning_rate": SearchRange(min=1e-3, max=3e-2, log=True),
        "hidden": SearchRange(choices=[[64, 32], [128, 64, 32], [256, 128, 64]]),
        "crosses": SearchRange(min=0, max=3),
        "listwise_weight": SearchRange(min=2e-3, max=0.2, log=True),
    },
}
"""What is searched where the configuration names no hyperparameter of a section."""


class TuningConfig(Section):
    """Trials before the training of towers and ranker; the values of the best one take the place of the configured."""

    stages: list[Stage] = []
    """Models that are tuned; by default none is."""
    algorithm: Literal["random", "bayesian", "hyperband"] = "random"
    """How the next trial is chosen: at random; by a Gaussian process over the trials so far; or with few epochs for
    many trials and more for the best of them."""
    trials: int = Field(10, ge=1)
    """Most trials of each model. The first has the configured values."""
    seconds: float | None = Field(None, gt=0)
    """No trial of a model begins once its trials have taken as long as this; the one at hand ends."""
    epochs_per_trial: int | None = Field(None, ge=1)
    """Epochs of a trial, with `hyperband` those of the longest; by default `retrieval.epochs` and `ranker.epochs`. The
    training that follows has these in any case."""
    space: dict[str, SearchRange] = {}
    """`retrieval.<field>` or `ranker.<field>` -> where its values are looked for. The configured value is always looked
    at too. A section of which no field is named has a space of its own, see `DEFAULT_SPACES`."""

    @model_validator(mode="after")
    def _names_are_known(self) -> "TuningConfig":
        if len(set(self.stages)) < len(self.stages):
            raise ValueError(f"stages names one twice: {', '.join(self.stages)}")
        known = [f"{section}.{field}" for section, fields in SEARCHABLE.items() for field in fields]
        for name in self.space:
            if name not in known:
                section = name.split(".")[0]
                near = [each for each in known if each.startswith(f"{section}.")] or known
                raise ValueError(f"space.{name} is not one of {', '.join(near)}")
            if name.endswith(".epochs") and (self.epochs_per_trial or self.algorithm == "hyperband"):
                reason = "epochs_per_trial is set" if self.epochs_per_trial else "hyperband chooses the epochs"
                raise ValueError(f"space.{name} cannot be searched where {reason}")
        return self


def require_searchable(tuning: TuningConfig, sections: dict[str, Section]) -> None:
    """Check that every value that would be tried can stand in its section.

    Args:
        tuning: The search.
        sections: `retrieval` and `ranker`.

    Raises:
        ValueError: A value cannot; the message names the field.
    """
    for section, values in sections.items():
        search_space(tuning, section, values)


def search_space(tuning: TuningConfig, section: str, configured: Section) -> tuple[Dimension, ...]:
    """The space of a section.

    Raises:
        ValueError: A value of it cannot stand in the section.
    """
    prefix = f"{section}."
    named = {name.removeprefix(prefix): each for name, each in tuning.space.items() if name.startswith(prefix)}
    # What a configuration has turned off, no space of ours turns on.
    default = {
        field: each for field, each in DEFAULT_SPACES[section].items() if getattr(configured, field) or not each.log
    }
    return tuple(_dimension(section, field, each, configured) for field, each in (named or default).items())


def _dimension(section: str, field: str, searched: SearchRange, configured: Section) -> Dimension:
    now, name = getattr(configured, field), f"{section}.{field}"
    if searched.choices:
        choices = tuple(_valid(configured, field, value, name) for value in searched.choices)
        return Dimension(name, now, choices)
    if isinstance(now, bool) or not isinstance(now, int | float):
        raise ValueError(f"tuning.space.{name}: {now!r} is no number; give choices in the place of min and max")
    low, high = (_valid(configured, field, end, name) for end in (searched.min, searched.max))
    if searched.log and now <= 0:
        raise ValueError(f"tuning.space.{name}: log needs a configured value above 0, it is {now!r}")
    return Dimension(name, now, minimum=low, maximum=high, is_log=searched.log)


def _valid(configured: Section, field: str, value: Any, name: str) -> Any:
    """A value as the section takes it."""
    try:
        return getattr(type(configured).model_validate({**configured.model_dump(), field: value}), field)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(f"tuning.space.{name}: {value!r}: {reason}") from error


def search_options(tuning: TuningConfig, stage: Stage, configured: Section, run_dir: Path) -> dict[str, str]:
    """What the stage of a search is told beside what the training is told.

    Args:
        tuning: The search.
        stage: Whose hyperparameters are searched.
        configured: Its section.
        run_dir: The run directory. Trials are kept in it, beside the artifacts that they depend on.
    """
    settings = SearchSettings(
        model=stage,
        algorithm=tuning.algorithm,
        trials=tuning.trials,
        seconds=tuning.seconds,
        epochs=tuning.epochs_per_trial,
        space=search_space(tuning, SECTIONS[stage], configured),
        folder=str(run_dir / "tfx" / "tuning"),
    )
    return {TUNING: settings.to_json()}
