"""Where the time of both runs went."""

from tfx_pipeline.report.run_pair import RunPair, beside
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary, StageTime


def _stages(pair: RunPair) -> list[tuple[str, StageTime | None, StageTime | None]] | None:
    return list(beside(_by_name(pair.first), _by_name(pair.second))) or None


def _by_name(run: RunSummary) -> dict[str, StageTime]:
    return {stage.name: stage for stage in run.stages}


SECTION = Section("stages", "Wall time", "comparison/wall_time.html.j2", _stages)
