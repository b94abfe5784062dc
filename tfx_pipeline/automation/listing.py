"""The files of a scan: who was found and why, and the events that training goes without."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from tfx_pipeline.automation.findings import Findings, Suspect
from tfx_pipeline.write_aside import write_aside

USERS_FILE, ITEMS_FILE, EVENTS_FILE = "users.csv", "items.csv", "quarantined_events.csv"
_NOTES_FILE = "automation.json"
_COLUMNS = ("score", "events", "reasons")
# The names of the contract, so that `shoprank forget-user` finds the rows of a user.
_USER_COLUMNS, _ITEM_COLUMNS = ("user_id", *_COLUMNS), ("item_id", *_COLUMNS)


def write_listing(findings: Findings, events: pa.Table, folder: Path) -> None:
    """Write what was found as CSV: `users.csv`, `items.csv`, and the counts in `automation.json`.

    Args:
        findings: What was found.
        events: Events of the users among them before the eval window; written to `quarantined_events.csv` where
            training goes without them.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / USERS_FILE, _USER_COLUMNS, findings.users.suspects)
    _write(folder / ITEMS_FILE, _ITEM_COLUMNS, findings.items.suspects)
    with write_aside(folder / _NOTES_FILE) as aside:
        aside.write_text(json.dumps({"notes": findings.notes()}, indent=1) + "\n", encoding="utf-8")
    if findings.left_out:
        with write_aside(folder / EVENTS_FILE) as aside:
            arrow_csv.write_csv(events, aside)
    else:
        (folder / EVENTS_FILE).unlink(missing_ok=True)


def listed_users(folder: Path) -> list[str]:
    """Ids of the users that a listing names."""
    with (folder / USERS_FILE).open(encoding="utf-8", newline="") as file:
        return [row["user_id"] for row in csv.DictReader(file)]


def listing_notes(folder: Path) -> tuple[str, ...]:
    """Sentences with the counts of a listing, for the report of a run."""
    return tuple(json.loads((folder / _NOTES_FILE).read_text(encoding="utf-8"))["notes"])


def _write(path: Path, header: Sequence[str], suspects: Iterable[Suspect]) -> None:
    with write_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows((each.name, each.score, each.events, "; ".join(each.reasons)) for each in suspects)
