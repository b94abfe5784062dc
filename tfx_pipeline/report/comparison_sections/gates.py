"""The gates of both runs."""

from tfx_pipeline.report.run_pair import RunPair, beside
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import Gate, RunSummary


def _gates(pair: RunPair) -> list[tuple[str, Gate | None, Gate | None]] | None:
    return list(beside(_by_name(pair.first), _by_name(pair.second))) or None


def _by_name(run: RunSummary) -> dict[str, Gate]:
    return {gate.name: gate for gate in run.gates}


SECTION = Section("gates", "Gates", "comparison/gates.html.j2", _gates)
