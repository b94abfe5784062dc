"""The hint for those whose new version stays out of service."""

from pathlib import Path

import pytest

from tfx_pipeline.operations.changes import canary, promote
from tfx_pipeline.operations.models_config import config_path
from tfx_pipeline.operations.pinned import pinned_hint, tell_if_pinned


def test_only_a_newest_version_that_is_kept_out_is_worth_a_word(run_dir: Path) -> None:
    assert pinned_hint(run_dir) is None
    promote(run_dir, 7, [])
    assert pinned_hint(run_dir) == (
        f"version 7 stays in service, as {config_path(run_dir)} says; "
        f"to serve the new one: shoprank promote 8 --run-dir {run_dir}"
    )
    canary(run_dir, 8, 0.1, [])
    assert pinned_hint(run_dir) is None
    promote(run_dir, None, [])
    assert pinned_hint(run_dir) is None


def test_a_run_without_versions(tmp_path: Path) -> None:
    assert pinned_hint(tmp_path) is None


def test_the_hint_is_printed(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_if_pinned(run_dir)
    assert capsys.readouterr().out == ""
    promote(run_dir, 7, [])
    tell_if_pinned(run_dir)
    assert capsys.readouterr().out == f"{pinned_hint(run_dir)}\n"
