"""How much each policy explores, and what can be said of other policies."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_details import Exploration
from tfx_pipeline.run_summary import RunSummary


def _exploration(run: RunSummary) -> tuple[Exploration, ...] | None:
    return run.exploration or None


SECTION = Section("exploration", "Exploration", "sections/exploration.html.j2", _exploration)
