"""The verbs of `shoprank feedback`: what they are given reaches what they call, and errors are one line."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.tfx_pipeline.feedback.updates.small_run import START, configure, write_log
from tfx_pipeline.cli_feedback import add_feedback_verbs
from trainer.bandit.posterior import LinearPosterior
from trainer.model_files import POSTERIOR_FILE

app = typer.Typer()
add_feedback_verbs(app)


@app.callback()
def shoprank() -> None:
    """Keeps the verb a verb: a Typer with one command takes its name away."""


def feedback(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["feedback", *map(str, words)], env={"COLUMNS": "200"})


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run whose served version nobody can load, with a log of one slate elsewhere."""
    version = tmp_path / "run" / "serving" / "shoprank" / "7"
    (version / POSTERIOR_FILE).parent.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    LinearPosterior.prior(3, 1.0, 1.0).save(version / POSTERIOR_FILE)
    configure(tmp_path / "run", version)
    write_log(tmp_path / "log", ["r"], start=START)
    return tmp_path / "run"


def test_status(run_dir: Path, tmp_path: Path) -> None:
    words = ("status", "--run-dir", run_dir, "--log", tmp_path / "log")
    shown = feedback(*words)
    assert (shown.exit_code, shown.stderr) == (0, ""), shown.stderr
    assert [line.split() for line in shown.stdout.splitlines() if "thompson" in line] == [
        ["7", "thompson", "1", "0", "1", "0", "0"]
    ]
    century = ("--delay-minutes", str(60 * 24 * 36500))
    assert json.loads(feedback(*words, *century, "--json").stdout)["slates"][0]["too_young"] == 1
    [slates] = json.loads(feedback(*words, "--json").stdout)["slates"]
    assert slates == {
        "model_version": "7", "policy": "thompson", "slates": 1, "learned": 0, "waiting": 1, "too_young": 0,
        "other_ranker": 0,
    }  # fmt: skip


def test_export(run_dir: Path, tmp_path: Path) -> None:
    shown = feedback("export", "--obp", tmp_path / "obp", "--run-dir", run_dir, "--log", tmp_path / "log")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert (Path(shown.stdout.strip()) / "all.csv").exists()
    assert feedback("export", "--run-dir", run_dir).exit_code == 2


@pytest.mark.parametrize("verb", ["update", "status"])
def test_the_log_of_the_run_is_the_default(run_dir: Path, verb: str) -> None:
    shown = feedback(verb, "--run-dir", run_dir)
    message = f"shoprank: {run_dir}/feedback: there is no feedback log\n"
    assert (shown.exit_code, shown.stdout, shown.stderr) == (1, "", message)


def test_nothing_to_undo(run_dir: Path) -> None:
    shown = feedback("undo", "--run-dir", run_dir)
    version = run_dir / "serving" / "shoprank" / "7"
    message = f"shoprank: {version}: no feedback update to undo; the posterior is the one of training\n"
    assert (shown.exit_code, shown.stdout, shown.stderr) == (1, "", message)


@pytest.mark.parametrize("verb", [("update",), ("undo",), ("status",), ("export", "--obp", "obp")])
def test_a_run_without_a_pushed_version(tmp_path: Path, verb: tuple[str, ...]) -> None:
    shown = feedback(*verb, "--run-dir", tmp_path)
    assert (shown.exit_code, shown.stdout, shown.stderr.count("\n")) == (1, "", 1)
    assert f"{tmp_path}/serving/shoprank: no version to " in shown.stderr
