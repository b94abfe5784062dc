"""What a run found out about the shop's data, beside the counts of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from tfx_pipeline.distribution_comparison import Comparison, Distance, Side
from tfx_pipeline.leakage.report import CheckResult
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.table_config import TableConfig

NO_ANOMALY = "TensorFlow Data Validation found no anomaly in the examples."
_FIRST_DAY = date(1970, 1, 1)
_ORDERS = {
    "sequence": "The times are the order of the column sequence, not a clock.",
    "file": "The times are the order of the rows in the file, not a clock.",
}
_LEAVE_LAST_OUT = (
    "Warning: the split leave_last_out lets the models see what became popular after a user's last event, "
    "so the metrics may be higher than in the shop."
)


@dataclass(frozen=True)
class DataSummary:
    """Notes and checks of the data of a run.

    Attributes:
        notes: Sentences about the tables and the split, see `data_notes`.
        audit: The leakage audit, rule by rule; empty where it was not made.
        comparison: Drift and skew, distance by distance.
        anomalies: What TensorFlow Data Validation found and the run did not stop for, in words; None where it was
            not asked.
        quarantine_path: Folder of the files of rejected rows; None where there is no such row.
    """

    notes: tuple[str, ...] = ()
    audit: tuple[CheckResult, ...] = ()
    comparison: Comparison = field(default_factory=Comparison)
    anomalies: tuple[str, ...] | None = None
    quarantine_path: str | None = None

    @property
    def distances(self) -> tuple[Distance, ...]:
        """All distances, those above their threshold first."""
        return tuple(sorted(self.comparison.distances, key=lambda distance: not distance.exceeded))

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is told in sentences: the notes, what was compared and what was not, and the anomalies."""
        anomalies = [f"Anomaly that did not stop the run: {anomaly}" for anomaly in self.anomalies or ()]
        normal = [NO_ANOMALY] if self.anomalies == () else []
        comparison = self.comparison
        return (*self.notes, *_comparisons(comparison.sides), *comparison.remarks, *anomalies, *normal)


def has_daily_spans(table: TableConfig) -> bool:
    """Whether the spans of a table are days, by the pattern of its path."""
    return any("{YYYY}" in path for path in table.paths)


def data_notes(report: IngestReport, split_method: str, spans_are_days: bool = False) -> tuple[str, ...]:
    """What a reader of the metrics must know about the tables and the split.

    Args:
        report: What ingestion counted.
        split_method: Method of the `SplitConfig`.
        spans_are_days: Whether the numbers of the spans are days since 1970.
    """
    return tuple(_notes(report, split_method, spans_are_days))


def _notes(report: IngestReport, split_method: str, spans_are_days: bool) -> Iterator[str]:
    if split_method == "leave_last_out":
        yield _LEAVE_LAST_OUT
    if report.time in _ORDERS:
        yield _ORDERS[report.time]
    if report.spans is not None:
        first, last = (_day(span) if spans_are_days else span for span in report.spans)
        yield f"Span {first} was read." if first == last else f"Spans {first} to {last} were read."
    if report.returned:
        yield f"{_counted(report.returned, 'purchase was', 'purchases were')} taken back by returns."
    if report.items_added:
        only = _counted(report.items_added, "item is", "items are")
        yield f"{only} only in the events, with nothing known but the id."


def _day(days: int) -> date:
    return _FIRST_DAY + timedelta(days=days)


def _comparisons(sides: tuple[Side, ...]) -> Iterator[str]:
    """One sentence for each pair of sides: of each kind the one before, then the one after."""
    for before, after in zip(sides[::2], sides[1::2], strict=True):
        yield f"{before.kind.capitalize()} compares {_side(after)} with {_side(before)}."


def _side(side: Side) -> str:
    drawn = f", {format_count(side.rows_compared)} of them drawn" if side.rows_compared < side.rows else ""
    return f"{side.name} ({_counted(side.rows, 'event', 'events')}{drawn})"


def _counted(count: int, one: str, several: str) -> str:
    return f"{format_count(count)} {one if count == 1 else several}"
