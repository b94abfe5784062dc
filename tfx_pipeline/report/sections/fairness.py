"""How far apart the best and the worst served groups are, in quality and in exposure."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary, WindowMetrics


def _windows_with_gaps(run: RunSummary) -> list[WindowMetrics] | None:
    return [window for window in run.windows if window.gaps] or None


SECTION = Section("fairness", "Fairness gaps", "sections/fairness.html.j2", _windows_with_gaps)
