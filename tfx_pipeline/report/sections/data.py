"""What was read, what was rejected, and what a reader must know about the data."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _data(run: RunSummary) -> RunSummary | None:
    return run if run.tables or run.data.remarks else None


SECTION = Section("data", "Data", "sections/data.html.j2", _data)
