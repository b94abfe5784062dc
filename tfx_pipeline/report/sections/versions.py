"""What the run was made of: packages, hashes and the seed."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_details import Versions
from tfx_pipeline.run_summary import RunSummary


def _versions(run: RunSummary) -> Versions | None:
    return None if run.versions == Versions() else run.versions


SECTION = Section("versions", "Versions and hashes", "sections/versions.html.j2", _versions)
