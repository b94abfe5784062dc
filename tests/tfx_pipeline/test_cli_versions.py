"""The verbs about versions from outside: what they print, and wrong usage."""

import json
import socket
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tfx_pipeline.cli_versions import add_version_verbs

app = typer.Typer()
add_version_verbs(app)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    for version in (7, 8):
        folder = tmp_path / "serving" / "shoprank" / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"x" * 1_234_567)
    return tmp_path


@pytest.fixture(scope="module")
def nowhere() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"localhost:{taken.getsockname()[1]}"


def shoprank(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "120"})


def test_the_way_without_a_server(run_dir: Path, nowhere: str) -> None:
    where = ("--run-dir", run_dir, "--server", nowhere)
    file = run_dir / "serving" / "models.config"
    alone = f"no server at {nowhere}: only {file} was written; one that starts with that file takes it"

    shown = shoprank("promote", "7", *where)
    assert (shown.exit_code, shown.stdout.splitlines()) == (0, ["version 7 is stable, in place of 8", alone])
    assert shoprank("canary", "8", "--share", "0.25", *where).stdout.splitlines() == [
        "version 8 is the canary, for 25.0% of the users; 7 is stable",
        alone,
        'clients send users by Assignment(share=0.25, salt="8")',
        "requests without a label take the highest version, which is 8",
    ]
    listed = shoprank("versions", *where).stdout
    rows = [line.split() for line in listed.splitlines()]
    assert ["8", "1.2", "MB"] in [row[:3] for row in rows]
    assert [row[-2:] for row in rows if row[:1] in (["8"], ["7"])] == [["canary", "25.0%"], ["stable", "75.0%"]]
    assert f"no server at {nowhere}: states are unknown, labels are those of the file" in listed
    assert f"stable since {time.strftime('%Y-%m-%d', time.gmtime())}" in listed

    assert shoprank("rollback", *where).stdout.splitlines() == [
        "version 7 stays stable; the canary 8 has ended",
        alone,
    ]
    assert shoprank("rollback", *where).stdout.splitlines()[0] == "back to version 8, which is stable"
    assert shoprank("promote", "latest", *where).stdout.splitlines()[0] == (
        "the highest version is served, and each later one as it comes; nothing is pinned"
    )


def test_versions_as_json(run_dir: Path, nowhere: str) -> None:
    listed = json.loads(shoprank("versions", "--run-dir", run_dir, "--server", nowhere, "--json").stdout)
    assert (listed["pinned"], listed["reachable"], listed["since"]) == (False, False, None)
    assert [(one["version"], one["size_bytes"], one["share"]) for one in listed["versions"]] == [
        (8, 1_234_567, 1.0),
        (7, 1_234_567, 0.0),
    ]


def test_a_version_that_is_not_there(run_dir: Path, nowhere: str) -> None:
    shown = shoprank("promote", "9", "--run-dir", run_dir, "--server", nowhere)
    versions = run_dir / "serving" / "shoprank"
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"shoprank: {versions}: no version 9; there is: 7, 8\n"


def test_a_run_without_versions(tmp_path: Path) -> None:
    shown = shoprank("versions", "--run-dir", tmp_path)
    versions = tmp_path / "serving" / "shoprank"
    assert shown.stderr == f"shoprank: {versions}: no version; a run that is blessed pushes one\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["promote"], "Missing argument 'VERSION'"),
        (["promote", "newest"], "'newest' is neither a version nor 'latest'"),
        (["promote", "7", "--server", "localhost"], "'localhost' is not host:port"),
        (["canary", "8", "--share", "1"], "must be above 0 and below 1, is 1"),
        (["canary", "8", "--share", "nan"], "must be above 0 and below 1, is nan"),
        (["canary", "eight"], "Invalid value for 'VERSION'"),
    ],
)
def test_wrong_usage(words: list[str], reason: str) -> None:
    result = shoprank(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in " ".join(result.stderr.replace("│", " ").split())
