"""The rows that both runs read."""

from tfx_pipeline.report.run_pair import RunPair, beside
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _rows(pair: RunPair) -> list[tuple[str, int | None, int | None]] | None:
    return list(beside(_counts(pair.first), _counts(pair.second))) or None


def _counts(run: RunSummary) -> dict[str, int]:
    return {
        f"{table.name}, {kind}": count
        for table in run.tables
        for kind, count in (
            ("read", table.rows_read),
            ("kept", table.rows_kept),
            ("in quarantine", table.rows_quarantined),
            ("left out by a rule", table.rows_left_out),
        )
    }


SECTION = Section("rows", "Rows", "comparison/rows.html.j2", _rows)
