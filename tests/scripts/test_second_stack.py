"""Running a command on the second stack: what it needs, how a failure reads, and one real Debian 13 root."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/second_stack.sh"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a copy of the script in a working tree, and fakes of the commands that it calls in `bin`."""
    (tmp_path / "tree/scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "tree/scripts")
    (tmp_path / "bin").mkdir()
    return tmp_path


def fake(place: Path, command: str, body: str) -> None:
    path = place / "bin" / command
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{place}/bin:/usr/sbin:/usr/bin:/bin", "SHOPRANK_SECOND_STACK": str(place / "home")}
    script = str(place / "tree/scripts/second_stack.sh")
    return subprocess.run(["/bin/sh", script, *command], env=environment, capture_output=True, text=True)


def test_a_command_is_needed(place: Path) -> None:
    result = run(place)
    assert result.returncode == 1
    assert result.stderr == "shoprank second stack: usage: sh scripts/second_stack.sh COMMAND [ARGUMENT...]\n"


def test_who_is_not_root_is_told_so_before_anything_is_made(place: Path) -> None:
    fake(place, "id", "echo 1000")
    result = run(place, "true")
    assert (result.returncode, result.stderr) == (1, "shoprank second stack: chroot needs root: run this as root\n")
    assert not (place / "home").exists()


def test_a_root_that_could_not_be_made_whole_is_not_kept(place: Path) -> None:
    fake(place, "id", "echo 0")
    fake(place, "unshare", 'shift; exec "$@"')
    fake(place, "debootstrap", 'mkdir -p "$5"; echo "E: no such mirror"; exit 1')
    result = run(place, "true")
    assert result.returncode == 1
    assert result.stderr.endswith(f"debootstrap failed; the log is {place}/home/setup.log\n")
    assert "E: no such mirror" in (place / "home/setup.log").read_text()
    assert (place / "home/root.new").exists() and not (place / "home/root").exists()


def test_two_commands_at_once_are_refused(place: Path) -> None:
    fake(place, "id", "echo 0")
    (place / "home").mkdir()
    with (place / "home/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = run(place, "true")
    assert (result.returncode, result.stderr) == (
        1,
        f"shoprank second stack: another command is running in {place}/home\n",
    )


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="chroot needs root")
def test_a_command_runs_in_debian_13_with_the_tree_at_its_own_path(place: Path) -> None:
    program = 'cut -d. -f1 /etc/debian_version; pwd; python3.13 --version; touch .venv/mine made; echo "$1"'
    result = run(place, "sh", "-c", program, "sh", "two words")
    assert result.returncode == 0, result.stderr
    version, folder, python, argument = result.stdout.splitlines()
    assert (version, folder, argument) == ("13", str(place / "tree"), "two words")
    assert python.startswith("Python 3.13")
    assert (place / "tree/made").exists(), "the command works on this tree"
    assert not (place / "tree/.venv/mine").exists(), "with an environment of its own"
    assert (place / "home/venv/mine").exists()
    assert not list((place / "home/root" / str(place / "tree").lstrip("/")).iterdir()), "nothing stays mounted"
