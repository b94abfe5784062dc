"""The whole scan on generated users with programs among them, and what it may know."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tfx_pipeline.automation.event_table import EventTable, training_events
from tfx_pipeline.automation.scan import scan, scan_tables
from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.benchmarks.automation.planted_bots import BOT, KINDS
from tfx_pipeline.split import Split

REPORT = AutomationConfig(action="report")
FOUND_KINDS = set(KINDS) - {"disguised"}


def arrow(events: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(events.sort_values(["user_id", "timestamp"], kind="stable"), preserve_index=False)


@pytest.mark.parametrize("threshold", [4.0, 6.0, 8.0])
def test_programs_are_found_and_people_are_not(visited: pd.DataFrame, threshold: float) -> None:
    settings = AutomationConfig(action="report", threshold=threshold)
    findings = scan(EventTable.from_events(arrow(visited)), settings)
    names = {suspect.name for suspect in findings.users.suspects}
    assert names == {f"{BOT}{kind}-{number}" for kind in FOUND_KINDS for number in range(4)}
    assert all(len(suspect.reasons) >= 2 for suspect in findings.users.suspects)
    assert findings.users.suspects[0].score >= findings.users.suspects[-1].score >= threshold


def test_an_order_without_a_clock_says_nothing_of_time(visited: pd.DataFrame) -> None:
    findings = scan(EventTable.from_events(arrow(visited), has_clock=False), REPORT)
    told = " ".join(reason for suspect in findings.users.suspects for reason in suspect.reasons)
    assert "sequences of five items" in told
    assert not any(word in told for word in ("hour", "minute", "gaps"))


def test_an_item_that_one_program_clicks_on_is_listed() -> None:
    random = np.random.default_rng(3)
    people = pd.DataFrame({
        "user_id": [f"u{number}" for number in random.integers(100, size=4000)],
        "item_id": [f"i{number}" for number in random.integers(40, size=4000)],
        "timestamp": random.integers(90 * 86_400, size=4000),
    })  # fmt: skip
    program = pd.DataFrame({"user_id": "bot", "item_id": "hit", "timestamp": 86_400 + 5 * np.arange(300)})
    events = pd.concat([people, program]).assign(event_type="click")
    findings = scan(EventTable.from_events(arrow(events)), REPORT)
    assert [suspect.name for suspect in findings.items.suspects] == ["hit"]
    assert "100 % of the events by one user (usual: 4 %)" in findings.items.suspects[0].reasons


def test_only_what_lies_before_the_eval_window_is_known(
    tmp_path: Path, visited: pd.DataFrame, write_ingested: Callable[..., None]
) -> None:
    # The tables have two shards, and each should have somebody.
    visited = visited.assign(user_id=visited["user_id"].str.replace(BOT, "bot-", regex=False))
    items = pd.DataFrame({"item_id": visited["item_id"].unique()})
    write_ingested(tmp_path, visited, items)
    times = np.sort(visited["timestamp"].to_numpy())
    split = Split("time", *(int(times[int(len(times) * share)]) for share in (0.5, 0.6, 0.8)))
    findings, events = scan_tables(tmp_path, split, REPORT)
    before = visited[visited["timestamp"] < split.eval_start]
    assert findings.users.events == len(before) == len(training_events(tmp_path, split))
    assert findings == scan(EventTable.from_events(arrow(before)), REPORT)
    suspects = {suspect.name for suspect in findings.users.suspects}
    assert len(events) == before["user_id"].isin(suspects).sum() == findings.users.suspect_events
    assert max(events["timestamp"].to_pylist()) < split.eval_start


def test_the_counts_in_words(visited: pd.DataFrame) -> None:
    table = EventTable.from_events(arrow(visited))
    reported = scan(table, REPORT).notes()[0]
    filtered = scan(table, AutomationConfig(action="filter")).notes()[0]
    assert reported.startswith("Behaviour that looks automated (score from 6 on): 16 of ")
    assert reported.endswith("events before the eval window stay in training.")
    assert filtered.endswith("are left out of training, and kept in quarantined_events.csv.")
