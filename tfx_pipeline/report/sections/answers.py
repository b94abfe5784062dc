"""Sample answers of the served model."""

from tfx_pipeline.answer_table import AnswerTable
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _answers(run: RunSummary) -> tuple[AnswerTable, ...] | None:
    return run.answers or None


SECTION = Section("answers", "Answers of the served model", "sections/answers.html.j2", _answers)
