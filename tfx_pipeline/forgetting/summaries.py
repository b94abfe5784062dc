"""metrics.json and report.html, which show sample answers of the served model."""

import json
from pathlib import Path

from tfx_pipeline.forgetting.json_files import redact
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.report import write_report
from tfx_pipeline.run_directory import REPORT_FILE
from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.write_aside import write_aside


def erase(path: Path, user: User) -> int:
    """Take answers to the user, and all else that names them, out of the summary of a run and its report.

    Args:
        path: The metrics.json; the report lies beside it.
        user: Who is forgotten.

    Returns:
        The number of files that changed; none is touched if the summary does not name the user.

    Raises:
        ValueError: The file is no summary of a run.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    others = dict(document)
    answers = document.get("answers", [])
    others["answers"] = [table for table in answers if redact(table, user) == table]
    redacted = redact(others, user)
    if redacted == {**document, "answers": answers}:
        return 0
    summary = RunSummary.from_json(json.dumps(redacted), source=str(path))
    # The report first: as long as the summary names the user, running again writes both.
    write_report(summary, path.with_name(REPORT_FILE))
    with write_aside(path) as aside:
        aside.write_text(summary.to_json(), encoding="utf-8")
    return 2
