"""Where the model, the report and the logs are."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _places(run: RunSummary) -> dict[str, str | None]:
    return {
        "Model": run.model_path,
        "Report": run.report_path,
        "Logs": run.logs_path,
        "Rejected rows": run.data.quarantine_path,
    }


SECTION = Section("where", "Where it is", "sections/places.html.j2", _places)
