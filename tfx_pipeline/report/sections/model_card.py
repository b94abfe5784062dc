"""A model card: what the model is made from, what it is for, and where not to trust it.

After Mitchell et al., "Model cards for model reporting", FAT* 2019, as far as a run can tell it by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tfx_pipeline.number_format import format_count
from tfx_pipeline.report.section import Section
from tfx_pipeline.report.sections.model_limits import limits
from tfx_pipeline.run_summary import RunSummary, WindowMetrics


@dataclass(frozen=True)
class ModelCard:
    """Sentences under the headings of the card."""

    data: list[str]
    intended_use: list[str]
    limits: list[str]
    privacy: list[str]


def _model_card(run: RunSummary) -> ModelCard | None:
    if not run.windows:
        return None
    return ModelCard(list(_data(run)), list(_intended_use(run)), list(limits(run)), _privacy(run))


def _data(run: RunSummary) -> Iterator[str]:
    for table in run.tables:
        read, kept = format_count(table.rows_read), format_count(table.rows_kept)
        yield f"Table {table.name}: {read} rows read, {kept} of them used."
    for window in run.windows:
        yield f"{window.name.capitalize()} window: {_span(window)}, {format_count(window.table.users('all'))} users."
    yield "The windows come after everything that the model was fitted on, unless a note under Data says otherwise."


def _privacy(run: RunSummary) -> list[str]:
    if run.privacy is None:
        return ["The towers were not trained with differential privacy."]
    return list(run.privacy.sentences)


def _span(window: WindowMetrics) -> str:
    if isinstance(window.start, int):
        return f"places {format_count(window.start)} to {format_count(int(str(window.end)))} in the order of the events"
    return f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"


def _intended_use(run: RunSummary) -> Iterator[str]:
    yield "To choose which items of this shop to show to its users, in answer to a query or without one."
    if run.ranker:
        predicted = ", ".join(each.objective for each in run.ranker)
        yield f"Its ranker predicts: {predicted}."
    yield "Not for other shops, not for decisions about people, and not for forecasts of sales."


SECTION = Section("model-card", "Model card", "sections/model_card.html.j2", _model_card)
