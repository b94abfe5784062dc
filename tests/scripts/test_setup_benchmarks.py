"""Making .venv-bench: what is installed, when it is left alone, and how a failure reads."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def write_command(path: Path, body: str) -> None:
    """An executable shell script at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


class Checkout:
    """A copy of the set-up files whose Python and uv are fakes; uv writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.calls = folder / "checkout", folder / "bin", folder / "calls"
        shutil.copytree(ROOT / "scripts", self.root / "scripts")
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        self.set_python("3.10")
        self.set_uv("true")

    def set_python(self, version: str) -> None:
        python = self.bin / "python"
        make = 'for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python"'
        write_command(python, f'case "$*" in *-m\\ venv*) {make} ;; *) echo {version} ;; esac')
        write_command(self.root / "scripts/find_python.sh", f"echo {python}")

    def set_uv(self, action: str) -> None:
        write_command(self.bin / "uv", f'echo "$*" >>{self.calls}\n{action}')

    def set_up(self) -> subprocess.CompletedProcess[str]:
        self.calls.unlink(missing_ok=True)
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root)}
        command = ["/bin/sh", str(self.root / "scripts/setup_benchmarks.sh")]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def installs(self) -> list[str]:
        """How uv was called to install in the last set-up."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith("pip")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_installs_the_locks_once(checkout: Checkout) -> None:
    assert checkout.set_up().returncode == 0
    assert checkout.installs() == [
        "pip sync --python .venv-bench/bin/python --require-hashes requirements/bench.txt",
        "pip install --python .venv-bench/bin/python --no-deps --no-build-isolation --require-hashes "
        "--requirements requirements/bench_obp.txt",
    ]
    again = checkout.set_up()
    assert (again.returncode, again.stdout, checkout.installs()) == (0, "", [])


def test_change_of_a_lock_makes_it_anew(checkout: Checkout) -> None:
    checkout.set_up()
    left_over = checkout.root / ".venv-bench/left_over"
    left_over.touch()
    with (checkout.root / "requirements/bench.txt").open("a") as file:
        file.write("# changed\n")
    assert checkout.set_up().returncode == 0
    assert not left_over.exists()


def test_failure_names_the_step_and_the_log(checkout: Checkout) -> None:
    checkout.set_uv('case "$*" in *obp*) echo "no such package"; exit 2 ;; esac')
    result = checkout.set_up()
    assert result.returncode == 1
    assert result.stderr.splitlines()[-2:] == [
        "no such package",
        "shoprank benchmark set-up: installing obp failed; the whole log is in .venv-bench/setup.log",
    ]
    assert len(checkout.installs()) == 2
    checkout.set_uv("true")
    assert checkout.set_up().returncode == 0


def test_another_python_is_refused(checkout: Checkout) -> None:
    checkout.set_python("3.12")
    result = checkout.set_up()
    assert result.returncode == 1
    assert result.stderr.startswith(
        "shoprank benchmark set-up: needs Python 3.10, the newest that obp installs on; found"
    )
    assert not (checkout.root / ".venv-bench").exists()


@pytest.mark.parametrize("name", ["bench", "bench_obp"])
def test_locks_hold_what_is_asked_with_hashes(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", "")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+) +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE))
    asked = re.findall(r"^([a-z0-9-]+)(?:==(\S+))?$", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE)
    assert asked
    assert [
        package for package, version in asked if pins.get(package) is None or version not in ("", pins[package])
    ] == []
