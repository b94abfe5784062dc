"""What ingestion read, kept and left out."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

REPORT_FILE = "ingest.json"


@dataclass(frozen=True)
class TableReport:
    """Counts of one table; `rows_read` is the sum of all the others.

    Attributes:
        rows_read: Data rows in the source.
        rows_kept: Rows that went on.
        quarantined: Bad rows, by reason; each is in the quarantine file.
        dropped: Rows left out as the rules say, by reason; each is in the quarantine file as well.
        ignored: Rows that are none of the model's business, by reason; they are counted only.
    """

    rows_read: int = 0
    rows_kept: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)

    @property
    def rows_bad(self) -> int:
        """Rows in quarantine that count against `max_bad_share`."""
        return sum(self.quarantined.values())

    @property
    def reasons(self) -> dict[str, int]:
        """Rows that were not kept, by reason, whatever became of them."""
        return dict(Counter(self.quarantined) + Counter(self.dropped) + Counter(self.ignored))


def table_report(rows_read: int, counts: Mapping[tuple[str, str], int]) -> TableReport:
    """The report of a table from its counts by (action, reason)."""

    def of(action: str) -> dict[str, int]:
        return {reason: count for (each, reason), count in sorted(counts.items()) if each == action and count}

    kept = rows_read - sum(counts.values())
    return TableReport(rows_read, kept, of("quarantine"), of("drop"), of("ignore"))


@dataclass(frozen=True)
class IngestReport:
    """Counts of one ingestion.

    Attributes:
        events: The events table.
        items: The items table; without one, the distinct items of the kept events count as read and kept.
        others: The further tables that the shop has: users, judgments, serving_log.
        time: What the times are: `clock`, or the order that stands for it: `sequence` or `file`.
        returned: Purchases that a return took back; they are kept, with the time of the return.
        items_added: Items that the items table lacks and the rules keep.
        spans: First and last span that were read, where the source has spans.
    """

    events: TableReport
    items: TableReport
    others: dict[str, TableReport] = field(default_factory=dict)
    time: str = "clock"
    returned: int = 0
    items_added: int = 0
    spans: tuple[int, int] | None = None

    @property
    def tables(self) -> dict[str, TableReport]:
        """All tables by name."""
        return {"events": self.events, "items": self.items, **self.others}

    def to_json(self) -> str:
        """The report as a JSON document."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, document: str) -> "IngestReport":
        """The report that `to_json` wrote."""
        values = json.loads(document)
        values["events"], values["items"] = TableReport(**values["events"]), TableReport(**values["items"])
        values["others"] = {name: TableReport(**table) for name, table in values["others"].items()}
        values["spans"] = tuple(values["spans"]) if values["spans"] else None
        return cls(**values)

    @classmethod
    def load(cls, directory: Path) -> "IngestReport":
        """The report that `ingest` left in its destination."""
        return cls.from_json((directory / REPORT_FILE).read_text(encoding="utf-8"))
