"""Some users: what they did, what the model would show them, and what they then took."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_details import ExampleUser
from tfx_pipeline.run_summary import RunSummary


def _examples(run: RunSummary) -> tuple[ExampleUser, ...] | None:
    return run.examples or None


SECTION = Section("examples", "Example users", "sections/examples.html.j2", _examples)
