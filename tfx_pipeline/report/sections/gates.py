"""What had to hold for the model to be pushed, each condition with its reason."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import Gate, RunSummary


def _gates(run: RunSummary) -> tuple[Gate, ...] | None:
    return run.gates or None


SECTION = Section("gates", "Gates", "sections/gates.html.j2", _gates)
