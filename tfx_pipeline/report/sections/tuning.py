"""The search for hyperparameters, model by model."""

import json
from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.number_format import format_number
from tfx_pipeline.report.charts.draw import Role
from tfx_pipeline.report.charts.search_scores import TrialScore, search_scores
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary
from trainer.tuning.search_record import CONFIGURED, SearchRecord, SearchTrial
from trainer.tuning.tuned_values import Value

_ENDS = {
    "trials": "all trials of its budget were run",
    "seconds": "the time of its budget was up",
    "space": "no untried values were left",
}


@dataclass(frozen=True)
class ShownTrial:
    """A row of the table.

    Attributes:
        trial: The trial.
        values: Its values as text, in the order of the columns.
        difference: Its score less that of the configured values; None where there is none.
    """

    trial: SearchTrial
    values: list[str]
    difference: float | None


@dataclass(frozen=True)
class ShownSearch:
    """One model's search.

    Attributes:
        record: The numbers.
        end: Why it ended, in words.
        columns: Names of the hyperparameters.
        has_epochs: Whether trials differ in their epochs.
        rows: Its trials, by number.
        charts: Caption -> chart; empty where fewer than two trials have a score.
        configuration: Lines of a configuration with the values that were taken.
    """

    record: SearchRecord
    end: str
    columns: list[str]
    has_epochs: bool
    rows: list[ShownTrial]
    charts: dict[str, Markup]
    configuration: list[str]


def _searches(run: RunSummary) -> list[ShownSearch] | None:
    return [_shown(record) for record in run.tuning] or None


def _shown(record: SearchRecord) -> ShownSearch:
    names = list(record.best_trial.values)
    configured = record.configured_trial.score
    rows = [
        ShownTrial(
            trial,
            [_as_text(trial.values[name]) for name in names],
            None if trial.score is None or configured is None else trial.score - configured,
        )
        for trial in record.trials
    ]
    return ShownSearch(
        record=record,
        end=_ENDS[record.ended],
        columns=names,
        has_epochs=len({trial.epochs for trial in record.trials}) > 1,
        rows=rows,
        charts=_charts(record),
        configuration=_configuration(record.best_trial.values),
    )


def _charts(record: SearchRecord) -> dict[str, Markup]:
    scores = [
        TrialScore(trial.number, trial.score, _role(record, trial))
        for trial in record.trials
        if trial.score is not None
    ]
    if len(scores) < 2:
        return {}
    return {f"{record.objective} by trial": search_scores(scores, record.objective, record.model)}


def _role(record: SearchRecord, trial: SearchTrial) -> Role:
    if trial.number == record.best:
        return "own"
    return "blessed" if trial.number == CONFIGURED else "other"


def _as_text(value: Value) -> str:
    if isinstance(value, float):
        return format_number(value)
    return value if isinstance(value, str) else json.dumps(value)


def _configuration(values: dict[str, Value]) -> list[str]:
    """YAML, section by section."""
    lines: dict[str, list[str]] = {}
    for name, value in values.items():
        section, field = name.split(".", 1)
        lines.setdefault(f"{section}:", []).append(f"  {field}: {json.dumps(value)}")
    return [line for section, fields in lines.items() for line in (section, *fields)]


SECTION = Section("tuning", "Hyperparameter search", "sections/tuning.html.j2", _searches)
