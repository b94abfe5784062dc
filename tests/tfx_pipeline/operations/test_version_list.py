"""The list of versions: what a server says, what the file says, and the users of the log."""

import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from serving.assignment import SampleRatio, sample_ratio
from tfx_pipeline.operations.changes import canary, promote
from tfx_pipeline.operations.printing import print_versions
from tfx_pipeline.operations.version_list import Version, VersionList, list_versions

Start = Callable[..., Any]
NOWHERE = "localhost:1"


def test_what_the_server_says(run_dir: Path, start: Start) -> None:
    server = start(in_service=7)
    for version in (6, 7, 8):
        os.utime(run_dir / "serving" / "shoprank" / str(version) / "saved_model.pb", (1e9, 1e9))
    promote(run_dir, 7, [server.target])
    server.broken.add(8)
    server.states[8] = 50
    server.states[9] = 50
    listed = list_versions(run_dir, server.target)
    written = datetime.fromtimestamp(1e9, timezone.utc).isoformat()
    assert listed.versions == (
        Version(9, None, None, "END", "", (), 0.0),
        Version(8, 8000, written, "END", "no such graph", (), 0.0),
        Version(7, 7000, written, "AVAILABLE", "", ("stable", "canary"), 1.0),
        Version(6, 6000, written, "", "", (), 0.0),
    )
    assert (listed.reachable, listed.pinned, listed.sample_ratio) == (True, True, None)


def test_labels_of_a_server_that_knows_none_and_nothing_pinned(run_dir: Path, start: Start) -> None:
    listed = list_versions(run_dir, start(in_service=7).target)
    assert [(one.version, one.labels, one.share) for one in listed.versions if one.share] == [(7, (), 1.0)]
    assert (listed.pinned, listed.since) == (False, None)


def test_stable_is_since_its_promotion(run_dir: Path) -> None:
    first = promote(run_dir, 7, []).change
    canary(run_dir, 8, 0.1, [])
    assert list_versions(run_dir, NOWHERE).since == first.time
    second = promote(run_dir, 8, []).change
    assert list_versions(run_dir, NOWHERE).since == second.time


def shown(users: dict[str, str], time: float) -> list[dict[str, Any]]:
    """One slate for each user -> version that the user saw."""
    slot_lists = ("scores", "propensities", "inclusion_probabilities", "predicted_utilities", "exploration_features")
    return [
        {
            "request_id": f"{user} {version} {time}",
            "timestamp": round(time),
            "model_version": version,
            "user_id": user,
            "item_ids": ["a"],
            "sources": ["ann"],
            **{name: [0.5] for name in slot_lists},
        }
        for user, version in users.items()
    ]


def test_the_users_of_the_log_are_counted_once_since_the_canary_began(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    promote(run_dir, 7, [])
    began = datetime.fromisoformat(canary(run_dir, 8, 0.25, []).change.time).timestamp()
    rows = [
        *shown({f"old {user}": "8" for user in range(50)}, began - 10),
        *shown({"early": "7"}, began + 1),
        *shown({"canary 0": "8"}, began + 2),
        *shown({f"stable {user}": "7" for user in range(30)} | {"moved": "7", "": "8"}, began + 3),
        *shown({f"canary {user}": "8" for user in range(9)} | {"moved": "8", "other": "6"}, began + 4),
    ]
    monkeypatch.setattr("tfx_pipeline.operations.canary_users.read_shown", lambda _: pd.DataFrame(rows))
    assert list_versions(run_dir, NOWHERE).sample_ratio is None
    (run_dir / "feedback").mkdir()
    assert list_versions(run_dir, NOWHERE).sample_ratio == sample_ratio(30, 10, 0.25)
    monkeypatch.setattr("tfx_pipeline.operations.canary_users.read_shown", lambda _: pd.DataFrame(rows[:50]))
    assert list_versions(run_dir, NOWHERE).sample_ratio is None


def test_an_empty_log(run_dir: Path) -> None:
    promote(run_dir, 7, [])
    canary(run_dir, 8, 0.25, [])
    (run_dir / "feedback" / "shown").mkdir(parents=True)
    assert list_versions(run_dir, NOWHERE).sample_ratio is None


@pytest.mark.parametrize(
    ("ratio", "line"),
    [
        (
            sample_ratio(900, 100, 0.1),
            "of 1,000 users in the log 100 saw the canary, expected 100: p = 1, as it should be",
        ),
        (
            sample_ratio(900, 200, 0.1),
            "of 1,100 users in the log 200 saw the canary, expected 110: p = 1.5e-19, "
            "the split is broken, do not compare",
        ),
    ],
)
def test_the_split_in_words(ratio: SampleRatio, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_versions(VersionList((), NOWHERE, True, True, None, ratio))
    assert capsys.readouterr().out.splitlines()[-1] == line
