"""What ingestion read, kept, quarantined and ignored."""

import json
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
        ignored: Sound rows that no objective asks about, by reason.
    """

    rows_read: int = 0
    rows_kept: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)

    @property
    def rows_bad(self) -> int:
        """Rows in quarantine."""
        return sum(self.quarantined.values())


@dataclass(frozen=True)
class IngestReport:
    """Counts of one ingestion.

    Attributes:
        events: The events table.
        items: The items table; without one, the distinct items of the kept events count as read and kept.
    """

    events: TableReport
    items: TableReport

    def to_json(self) -> str:
        """The report as a JSON document."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, document: str) -> "IngestReport":
        """The report that `to_json` wrote."""
        tables = json.loads(document)
        return cls(events=TableReport(**tables["events"]), items=TableReport(**tables["items"]))

    @classmethod
    def load(cls, directory: Path) -> "IngestReport":
        """The report that `ingest` left in its destination."""
        return cls.from_json((directory / REPORT_FILE).read_text(encoding="utf-8"))
