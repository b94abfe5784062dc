import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.tfx_pipeline.metadata_writer import MetadataWriter, State
from tfx_pipeline.cli_runs import add_run_verbs

app = typer.Typer()
add_run_verbs(app)


@app.callback()
def shoprank() -> None:
    """Keeps the verb a verb: a Typer with one command takes its name away."""


def runs(*words: str | Path, width: int = 100) -> Result:
    return CliRunner().invoke(app, ["runs", *map(str, words)], env={"COLUMNS": str(width)})


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A blessed run, all of it cached but the push, and one that was killed."""
    writer = MetadataWriter(tmp_path / "tfx" / "metadata.db")
    first, second = writer.run(), writer.run()
    writer.stage(first, "ReleaseGate", State.CACHED, {"blessing": (tmp_path, {"blessed": 1})})
    writer.stage(first, "Pusher", State.COMPLETE, {"pushed_model": (tmp_path, {"pushed_version": "1795275657"})})
    writer.stage(second, "Transform", State.RUNNING)
    return tmp_path


def test_a_line_for_each_run(run_dir: Path) -> None:
    shown = runs("--run-dir", run_dir)
    assert (shown.exit_code, shown.stderr) == (0, "")
    first, second = (line.split() for line in shown.stdout.splitlines() if line.strip().startswith("20"))
    assert first[3:] == ["s", "1", "1", "blessed,", "version", "1795275657", "–"]
    assert second[3:] == ["s", "0", "0", "interrupted", "in", "Transform", "–"]


def test_it_fits_a_narrow_terminal(run_dir: Path) -> None:
    shown = runs("--run-dir", run_dir, width=80)
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "1795275657" in shown.stdout and "interrupted in" in shown.stdout


def test_json(run_dir: Path) -> None:
    first, second = json.loads(runs("--run-dir", run_dir, "--json").stdout)
    assert (first["state"], first["version"], second["state"]) == ("complete", 1795275657, "interrupted")


def test_without_a_run(tmp_path: Path) -> None:
    shown = runs("--run-dir", tmp_path)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {tmp_path}: no run here yet; `shoprank run` or `shoprank demo` makes one\n"
