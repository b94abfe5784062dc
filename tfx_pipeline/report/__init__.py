"""The report of a run: one HTML page that needs no script, no network and no other file."""

from pathlib import Path

from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.write_aside import write_aside


def write_report(run: RunSummary, path: Path) -> None:
    """Write the page to `path`; it appears whole or not at all."""
    # Here, because the charts' library takes seconds to import and most commands draw no report.
    from tfx_pipeline.report.page import render_page
    from tfx_pipeline.report.run_header import run_header
    from tfx_pipeline.report.sections import SECTIONS

    page = render_page("run_report.html.j2", run_header(run), SECTIONS, run)
    with write_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")
