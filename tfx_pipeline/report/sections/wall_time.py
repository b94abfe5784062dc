"""Where the time of the run went."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary, StageTime


def _stages(run: RunSummary) -> tuple[StageTime, ...] | None:
    return run.stages or None


SECTION = Section("stages", "Wall time", "sections/wall_time.html.j2", _stages)
