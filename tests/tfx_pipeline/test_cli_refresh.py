from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tfx_pipeline.cli_refresh import add_refresh_verb
from tfx_pipeline.refresh_index import Refresh, print_refresh

app = typer.Typer()
add_refresh_verb(app)


@app.callback()
def shoprank() -> None:
    """Keeps the verb a verb: a Typer with one command takes its name away."""


def refresh(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["refresh-index", *map(str, words)], env={"COLUMNS": "200"})


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "new.csv"
    path.write_text("item_id,title\na,tea\n")
    return path


def test_a_run_without_a_pushed_version(tmp_path: Path, items: Path) -> None:
    shown = refresh("--items", items, "--run-dir", tmp_path)
    versions = tmp_path / "serving" / "shoprank"
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {versions}: no version to refresh; a run that is blessed pushes one\n"


def test_a_version_without_its_run(tmp_path: Path, items: Path) -> None:
    version = tmp_path / "serving" / "shoprank" / "7"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    shown = refresh("--items", items, "--run-dir", tmp_path)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {tmp_path / 'config.yaml'}: No such file or directory\n"
    assert [path.name for path in version.parent.iterdir()] == ["7"]


def test_items_must_be_named() -> None:
    assert refresh().exit_code == 2


def test_what_was_done_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_refresh(Refresh(8, 7, Path("/run/8"), added=1200, updated=3, hidden=1, items=5000, seconds=61.4))
    assert capsys.readouterr().out.splitlines() == [
        "version 8: 5,000 items, 1,200 new, 3 updated, 1 hidden",
        "made from version 7 in 1 min 01 s",
        "/run/8",
    ]
