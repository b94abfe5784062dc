"""What `shoprank serve` has the model server do; the server itself is a stand-in."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import serving.model_server
from serving.model_server.options import ServerOptions
from tfx_pipeline.cli_serve import add_serve_verb
from tfx_pipeline.operations.changes import promote
from tfx_pipeline.operations.models_config import config_path

app = typer.Typer()
add_serve_verb(app)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[ServerOptions]:
    """In the place of the server: notes its options, and has version 8 come into service."""
    options: list[ServerOptions] = []

    def serve(chosen: ServerOptions, on_listening: Any, on_available: Any) -> None:
        options.append(chosen)
        if chosen.batching_parameters_file == Path("wrong"):
            raise ValueError("wrong: no such file")
        on_listening(8600)
        on_available(8)

    stand_in = SimpleNamespace(serve=serve)
    monkeypatch.setitem(sys.modules, "serving.model_server.server", stand_in)
    monkeypatch.setattr(serving.model_server, "server", stand_in, raising=False)
    monkeypatch.setattr("tfx_pipeline.serve._quiet", lambda: None)
    return options


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "serving" / "shoprank" / "8"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return tmp_path


def serve(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_versions_come_by_themselves_unless_the_run_has_a_file(given: list[ServerOptions], run_dir: Path) -> None:
    shown = serve("--run-dir", run_dir, "--port", "8600")
    assert (shown.exit_code, shown.stdout) == (0, "serving version 8 on 127.0.0.1:8600; Ctrl-C stops it\n")
    promote(run_dir, 8, [])
    assert serve("--run-dir", run_dir).exit_code == 0
    free, pinned = given
    assert (free.model_config_file, free.model_base_path) == (None, run_dir / "serving" / "shoprank")
    assert (free.port, free.host, free.rest_api_port, free.enable_batching) == (8600, "127.0.0.1", 0, False)
    assert pinned.model_config_file == config_path(run_dir)
    assert pinned.allow_version_labels_for_unavailable_models


def test_the_options_are_passed_on(given: list[ServerOptions], run_dir: Path) -> None:
    files = ("--batching-file", "b", "--monitoring-file", "m", "--ssl-file", "s")
    serve("--run-dir", run_dir, "--rest-port", "8501", "--host", "0.0.0.0", *files)
    serve("--run-dir", run_dir, "--batching")
    first, second = given
    assert (first.rest_api_port, first.host, first.enable_batching) == (8501, "0.0.0.0", True)
    chosen = (first.batching_parameters_file, first.monitoring_config_file, first.ssl_config_file)
    assert chosen == (Path("b"), Path("m"), Path("s"))
    assert (second.enable_batching, second.batching_parameters_file) == (True, None)


def test_a_wrong_file_is_one_line(given: list[ServerOptions], run_dir: Path) -> None:
    shown = serve("--run-dir", run_dir, "--batching-file", "wrong")
    assert (shown.exit_code, shown.stderr) == (1, "shoprank: wrong: no such file\n")


def test_a_run_without_versions(given: list[ServerOptions], tmp_path: Path) -> None:
    shown = serve("--run-dir", tmp_path)
    versions = tmp_path / "serving" / "shoprank"
    assert shown.stderr == f"shoprank: {versions}: no version to serve; a run that is blessed pushes one\n"
    assert given == []
