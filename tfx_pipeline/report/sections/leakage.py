"""The leakage audit, rule by rule."""

from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _checks(run: RunSummary) -> tuple[CheckResult, ...] | None:
    return run.data.audit or None


SECTION = Section("leakage", "Leakage", "sections/leakage.html.j2", _checks)
