"""The report of a run: one HTML page that needs no script, no network and no other file."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from tfx_pipeline import number_format
from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.write_aside import write_aside


def write_report(run: RunSummary, path: Path) -> None:
    """Write the page to `path`; it appears whole or not at all."""
    page = _template().render(run=run)
    with write_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("tfx_pipeline"),
        # Titles and queries come from the shop's files: whatever they hold is text.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": number_format.format_count,
        "metric": number_format.format_metric,
        "number": number_format.format_number,
        "seconds": number_format.format_seconds,
    }
    return environment.get_template("report.html.j2")
