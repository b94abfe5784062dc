"""Real processes in the place of a run: what is told of their end."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.run_directory import METRICS_FILE
from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.watched_run import Outcome, run_apart


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in the place of Python."""

    def replace(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return replace


def never(_: float) -> bool:
    return False


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            "echo noise >&2; echo 'shoprank: items.csv: no column title' >&2; echo Exception ignored >&2; exit 1",
            "failed: items.csv: no column title",
        ),
        ("exit 3", "failed: exit status 3"),
        ("[ \"$*\" = '-m tfx_pipeline.cli run --config shop.yaml' ] || exit 5; exit 4", "failed: exit status 4"),
    ],
)
def test_a_failure_has_its_reason(process: Callable[[str], None], tmp_path: Path, script: str, text: str) -> None:
    process(script)
    assert run_apart(["--config", "shop.yaml"], tmp_path, never) == Outcome(text)


def test_a_run_that_was_killed_leaves_its_data_to_be_handled(process: Callable[[str], None], tmp_path: Path) -> None:
    process("kill -9 $$")
    assert run_apart([], tmp_path, never) == Outcome("failed: the run was ended by SIGKILL", handled=False)


def test_a_run_that_was_refused_is_to_be_tried_again(process: Callable[[str], None], tmp_path: Path) -> None:
    process("echo 'shoprank: shop: x is at work here; wait' >&2; exit 1")
    outcome = Outcome("failed: shop: x is at work here; wait", handled=False, refused=True)
    assert run_apart([], tmp_path, never) == outcome


def test_a_run_that_pushed_names_its_version(
    process: Callable[[str], None], tmp_path: Path, run_summary: RunSummary
) -> None:
    process("exit 0")
    (tmp_path / METRICS_FILE).write_text(run_summary.to_json())
    assert run_apart([], tmp_path, never) == Outcome("version 1767323040 was pushed")


@pytest.mark.parametrize(
    ("script", "grace_seconds"),
    [
        ("touch begun; exec sleep 600", 600.0),
        ("trap '' INT; touch begun; while true; do sleep 600; done", 0.01),
    ],
    ids=["stops", "has to be killed"],
)
def test_a_run_is_stopped(process: Callable[[str], None], tmp_path: Path, script: str, grace_seconds: float) -> None:
    begun = tmp_path / "begun"
    process(script.replace("begun", str(begun)))
    outcome = run_apart([], tmp_path, lambda _: begun.exists(), grace_seconds)
    assert outcome == Outcome("stopped; finished stages stay in the cache", stopped=True, handled=False)
