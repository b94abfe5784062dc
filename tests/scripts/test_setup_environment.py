"""Making .venv: what is installed, when it is left alone, updated or made anew, and how a failure reads."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def write_command(path: Path, body: str) -> Path:
    """An executable shell script at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


class Checkout:
    """A copy of the project's set-up files whose Python and uv are fakes that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.calls = folder / "checkout", folder / "bin", folder / "calls"
        shutil.copytree(ROOT / "scripts", self.root / "scripts")
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        shutil.copy(ROOT / "setup.py", self.root)
        python = self.bin / "python3.10"
        write_command(
            python,
            f'case "$*" in *ensurepip*) echo "3.10||{python}" ;; '
            '*-m\\ venv*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;; '
            "*) echo 3.10 ;; esac",
        )
        self.set_uv("touch .venv/bin/shoprank")
        write_command(self.bin / "c++", "true")
        write_command(self.bin / "uname", '[ "$1" = -s ] && echo Linux || echo x86_64')

    def set_uv(self, action: str) -> None:
        write_command(self.bin / "uv", f'echo "$*" >>{self.calls}\n{action}; chmod +x .venv/bin/shoprank')

    def set_up(self) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root)}
        command = ["/bin/sh", str(self.root / "scripts/setup_environment.sh")]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def take_calls(self) -> list[str]:
        """How uv was called to install since the last look."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [line for line in lines if line.startswith("pip")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path)
    result = checkout.set_up()
    assert result.returncode == 0, result.stderr
    return checkout


class TestSetUpEnvironment:
    def test_installs_lock_and_project(self, checkout: Checkout) -> None:
        assert checkout.take_calls() == [
            "pip sync --python .venv/bin/python --require-hashes requirements/py310.txt",
            "pip install --python .venv/bin/python --no-deps --no-build-isolation --editable .",
        ]

    def test_second_run_does_nothing(self, checkout: Checkout) -> None:
        checkout.take_calls()
        result = checkout.set_up()
        assert (result.returncode, result.stdout, checkout.take_calls()) == (0, "", [])

    @pytest.mark.parametrize("changed", ["setup.py", "requirements/py310.txt", "scripts/setup_environment.sh"])
    def test_change_updates_the_environment(self, checkout: Checkout, changed: str) -> None:
        checkout.take_calls()
        marker = checkout.root / ".venv/kept"
        marker.touch()
        with (checkout.root / changed).open("a") as file:
            file.write("# changed\n")
        assert checkout.set_up().returncode == 0
        assert len(checkout.take_calls()) == 2
        assert marker.exists()

    def test_environment_made_by_hand_is_taken_over(self, checkout: Checkout) -> None:
        (checkout.root / ".venv/.ready").unlink()
        marker = checkout.root / ".venv/kept"
        marker.touch()
        assert checkout.set_up().returncode == 0
        assert marker.exists()
        assert (checkout.root / ".venv/.ready").exists()

    def test_half_made_environment_is_made_anew(self, checkout: Checkout) -> None:
        checkout.set_uv("kill -9 $PPID")
        (checkout.root / "setup.py").write_text("# changed\n")
        assert checkout.set_up().returncode != 0
        marker = checkout.root / ".venv/left_over"
        marker.touch()
        checkout.set_uv("touch .venv/bin/shoprank")
        assert checkout.set_up().returncode == 0
        assert not marker.exists()

    def test_moved_environment_is_made_anew(self, checkout: Checkout, tmp_path: Path) -> None:
        (checkout.root / ".venv/left_over").touch()
        checkout.root = checkout.root.rename(tmp_path / "moved")
        assert checkout.set_up().returncode == 0
        assert not (checkout.root / ".venv/left_over").exists()

    def test_failure_names_the_step_and_the_log(self, checkout: Checkout) -> None:
        checkout.set_uv('case "$*" in *sync*) echo "no such package"; exit 2 ;; esac')
        (checkout.root / "setup.py").write_text("# changed\n")
        result = checkout.set_up()
        assert result.returncode == 1
        assert result.stderr.splitlines() == [
            "no such package",
            "shoprank set-up: installing packages failed; the whole log is in .venv/setup.log",
        ]
        assert not (checkout.root / ".venv/.ready").exists()
