"""The sections of a comparison of two runs, one file each."""

from tfx_pipeline.report.comparison_sections import gates, metrics, rows, versions, wall_time
from tfx_pipeline.report.run_pair import RunPair
from tfx_pipeline.report.section import Section

COMPARISON_SECTIONS: tuple[Section[RunPair], ...] = (
    metrics.SECTION,
    gates.SECTION,
    rows.SECTION,
    wall_time.SECTION,
    versions.SECTION,
)
"""In the order of the page."""
