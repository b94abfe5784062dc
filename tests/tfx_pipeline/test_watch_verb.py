"""The watch as a process: it waits, ends in order at a signal, and is alone."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tfx_pipeline.cli import app
from tfx_pipeline.watch_verb import end_at_signal, run_arguments

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that has no data yet."""
    folder = tmp_path_factory.mktemp("shop")
    tables = {"events": {"path": "events-{SPAN}.csv"}, "items": {"path": "items.csv"}}
    document = {"run_dir": "run", "data": tables, "objectives": {"buy": {"event_types": ["buy"]}}}
    (folder / "shop.yaml").write_text(yaml.safe_dump(document))
    return folder / "shop.yaml"


@pytest.fixture
def watch(config: Path) -> Iterator["subprocess.Popen[str]"]:
    """A watch that has looked once."""
    command = [sys.executable, "-m", "tfx_pipeline.cli", "run", "--config", str(config), "--watch", "--every", "600"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"waiting for new data of {config.parent / 'run'}; a look every 600 s\n"
            told = process.stdout.readline()
            assert told.endswith(f" UTC  waiting: {config.parent}/events-{{SPAN}}.csv: no file matches this pattern\n")
            yield process
        finally:
            process.kill()


def test_it_is_alone_and_ends_in_order(watch: "subprocess.Popen[str]", config: Path) -> None:
    second = CliRunner().invoke(app, ["run", "--config", str(config), "--watch"])
    assert second.exit_code == 1
    assert second.stderr.startswith(f"shoprank: {config.parent / 'run'}: process {watch.pid}, begun ")
    watch.send_signal(signal.SIGTERM)
    assert watch.communicate()[0] == "the watch ended\n"
    assert watch.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_ends_it(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with end_at_signal() as end:
        assert not end.wait(0)
        signal.raise_signal(number)
        assert end.wait(0)
    assert signal.getsignal(number) is before


def test_a_configuration_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", "--config", str(tmp_path / "none.yaml"), "--watch"])
    assert (done.exit_code, done.stderr) == (1, f"shoprank: {tmp_path}/none.yaml: No such file or directory\n")


def test_every_goes_with_watch(config: Path) -> None:
    done = CliRunner().invoke(app, ["run", "--config", str(config), "--every", "60"])
    assert done.exit_code == 2 and "--every goes with --watch" in done.stderr


def test_the_run_gets_the_options_that_were_given() -> None:
    options = {"config": None, "dataset": "movielens-100k", "run-dir": Path("runs/m")}
    assert run_arguments(options) == ["--dataset", "movielens-100k", "--run-dir", "runs/m"]
