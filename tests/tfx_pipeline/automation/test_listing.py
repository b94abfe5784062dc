import csv
from pathlib import Path

import pyarrow as pa
import pytest

from tfx_pipeline.automation.findings import Findings, Looked, Suspect
from tfx_pipeline.automation.listing import listed_users, listing_notes, write_listing
from tfx_pipeline.automation.printing import print_findings
from tfx_pipeline.forgetting import csv_files

EVENTS = pa.table({"user_id": ["bot, 1", "bot, 1", "b2"], "item_id": ["i", "j", "i"]})


def findings(left_out: bool) -> Findings:
    users = [Suspect("bot, 1", 9.5, 2, ["first", "second"]), Suspect("b2", 7.25, 1, ["third"])]
    return Findings(Looked(9, 4, 20, users), Looked(5, 3, 20, [Suspect("hit", 8.0, 6, ["fourth"])]), 6.0, left_out)


def test_a_listing_has_users_items_and_the_events_that_are_left_out(tmp_path: Path) -> None:
    write_listing(findings(left_out=True), EVENTS, tmp_path / "new")
    assert listed_users(tmp_path / "new") == ["bot, 1", "b2"]
    tables = {path.name: list(csv.reader(path.open(newline=""))) for path in (tmp_path / "new").glob("*.csv")}
    assert tables["users.csv"][1] == ["bot, 1", "9.5", "2", "first; second"]
    assert tables["items.csv"] == [["item_id", "score", "events", "reasons"], ["hit", "8.0", "6", "fourth"]]
    assert tables["quarantined_events.csv"] == [["user_id", "item_id"], ["bot, 1", "i"], ["bot, 1", "j"], ["b2", "i"]]
    assert listing_notes(tmp_path / "new") == tuple(findings(left_out=True).notes())


def test_a_report_leaves_nothing_out(tmp_path: Path) -> None:
    write_listing(findings(left_out=True), EVENTS, tmp_path)
    write_listing(findings(left_out=False), EVENTS, tmp_path)
    assert not (tmp_path / "quarantined_events.csv").exists()
    assert "2 of 4 users; their 3 of 20 events before the eval window stay" in listing_notes(tmp_path)[0]


def test_a_forgotten_user_leaves_the_listing(tmp_path: Path) -> None:
    class Forgotten:
        ids = frozenset({"bot, 1"})

    write_listing(findings(left_out=True), EVENTS, tmp_path)
    removed = {path.name: csv_files.erase(path, Forgotten()) for path in sorted(tmp_path.glob("*.csv"))}  # type: ignore[arg-type]
    assert removed == {"items.csv": 0, "quarantined_events.csv": 2, "users.csv": 1}
    assert listed_users(tmp_path) == ["b2"]


def test_the_console_shows_counts_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(findings(left_out=True))
    shown = capsys.readouterr().out
    assert "1 of 3 items" in " ".join(shown.split())
    assert all(word in shown for word in ("bot, 1", "9.5", "first; second", "hit"))
