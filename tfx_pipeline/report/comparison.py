"""A comparison of two runs: one HTML page in the look of a run's report."""

from pathlib import Path

from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.write_aside import write_aside


def write_comparison(first: RunSummary, second: RunSummary, path: Path) -> None:
    """Write a page about two runs; it appears whole or not at all.

    Args:
        first: The run that the other is compared with, such as the older one.
        second: The other run. Differences are its values less those of the first.
        path: The HTML file.
    """
    # Here, because the charts' library takes seconds to import and most commands draw no report.
    from tfx_pipeline.report.comparison_sections import COMPARISON_SECTIONS
    from tfx_pipeline.report.page import render_page
    from tfx_pipeline.report.run_header import run_header
    from tfx_pipeline.report.run_pair import RunPair

    headers = {"First": (first, run_header(first)), "Second": (second, run_header(second))}
    page = render_page("comparison.html.j2", headers, COMPARISON_SECTIONS, RunPair(first, second))
    with write_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")
