"""Where the rows of the shop's tables went, as reports show it."""

from collections import Counter
from collections.abc import Mapping

from tfx_pipeline.run_summary import TableCount
from tfx_pipeline.sources.report import IngestReport


def table_counts(report: IngestReport) -> tuple[TableCount, ...]:
    """The counts of every table, the most frequent reasons first."""
    return tuple(
        TableCount(
            name=name,
            rows_read=table.rows_read,
            rows_kept=table.rows_kept,
            quarantined=_most_first(table.quarantined),
            left_out=_most_first(Counter(table.dropped) + Counter(table.ignored)),
        )
        for name, table in report.tables.items()
    )


def _most_first(reasons: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0])))
