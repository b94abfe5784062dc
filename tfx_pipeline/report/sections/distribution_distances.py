"""Drift and skew: how far apart the events of two times or places are, feature by feature."""

from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _data(run: RunSummary) -> DataSummary | None:
    return run.data if run.data.distances or run.data.comparison.not_measured else None


SECTION = Section("drift", "Drift and skew", "sections/distribution_distances.html.j2", _data)
