"""The search for a usable Python, on machines that hold nothing but what a test puts on them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/find_python.sh"


def write_command(path: Path, body: str) -> Path:
    """An executable shell script at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def fake_python(path: Path, version: str, missing: str = "") -> Path:
    """A command that answers the search's question as a Python of that version would."""
    return write_command(path, f"echo '{version}|{missing}|{path}'")


class Machine:
    """A machine that holds nothing but what a test puts on it."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.home = folder / "bin", folder / "home"
        self.set_glibc("2.36")
        write_command(self.bin / "uname", '[ "$1" = -s ] && echo Linux || echo x86_64')

    def set_glibc(self, version: str) -> None:
        write_command(self.bin / "getconf", f"echo 'glibc {version}'")

    def find_python(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(SCRIPT)],
            env={"PATH": str(self.bin), "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def found(result: subprocess.CompletedProcess[str]) -> Path:
    assert result.returncode == 0, result.stderr
    return Path(result.stdout.strip())


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr.strip()


class TestFindPython:
    def test_python_on_path(self, machine: Machine) -> None:
        expected = fake_python(machine.bin / "python3.10", "3.10")
        assert found(machine.find_python()) == expected

    def test_shim_that_fails_is_skipped_for_pyenv_version(self, machine: Machine) -> None:
        write_command(machine.bin / "python3.10", "echo 'command not found' >&2; exit 127")
        expected = fake_python(machine.home / ".pyenv/versions/3.10.13/bin/python3.10", "3.10")
        assert found(machine.find_python()) == expected

    def test_pyenv_root_with_a_space(self, machine: Machine, tmp_path: Path) -> None:
        expected = fake_python(tmp_path / "py env/versions/3.10.2/bin/python3.10", "3.10")
        assert found(machine.find_python(PYENV_ROOT=str(tmp_path / "py env"))) == expected

    def test_python_that_uv_knows(self, machine: Machine, tmp_path: Path) -> None:
        expected = fake_python(tmp_path / "managed/python3.10", "3.10")
        write_command(machine.bin / "uv", f'[ "$UV_PYTHON_DOWNLOADS" = never ] && echo {expected}')
        assert found(machine.find_python()) == expected

    def test_name_is_not_believed(self, machine: Machine) -> None:
        fake_python(machine.bin / "python3.10", "3.9")
        assert "shoprank needs Python 3.10" in refusal(machine.find_python())

    def test_nothing_usable(self, machine: Machine) -> None:
        assert refusal(machine.find_python()) == (
            "shoprank needs Python 3.10 (or 3.11-3.13 with glibc 2.38 or newer; this system has 2.36): "
            "install it with `pyenv install 3.10` or `uv python install 3.10`"
        )

    @pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
    def test_newer_python_needs_newer_glibc(self, machine: Machine, version: str) -> None:
        expected = fake_python(machine.bin / f"python{version}", version)
        refusal(machine.find_python())
        machine.set_glibc("2.38")
        assert found(machine.find_python()) == expected

    def test_first_stack_comes_first(self, machine: Machine) -> None:
        machine.set_glibc("2.41")
        fake_python(machine.bin / "python3.13", "3.13")
        expected = fake_python(machine.bin / "python3.10", "3.10")
        assert found(machine.find_python()) == expected

    def test_python_3_14_is_not_taken(self, machine: Machine) -> None:
        machine.set_glibc("2.41")
        fake_python(machine.bin / "python3", "3.14")
        assert "this system has 2.41" in refusal(machine.find_python())

    def test_incomplete_python_is_named(self, machine: Machine) -> None:
        path = fake_python(machine.bin / "python3.10", "3.10", missing="venv dev")
        assert refusal(machine.find_python()) == (
            f"shoprank needs a complete Python: {path} is Python 3.10 without: venv dev "
            "(Debian and Ubuntu: apt install python3.10-venv python3.10-dev g++)"
        )

    def test_other_processor(self, machine: Machine) -> None:
        write_command(machine.bin / "uname", '[ "$1" = -s ] && echo Darwin || echo arm64')
        assert "no wheels for Darwin on arm64" in refusal(machine.find_python())

    def test_named_python_is_the_only_candidate(self, machine: Machine) -> None:
        fake_python(machine.bin / "python3.10", "3.10")
        line = refusal(machine.find_python(SHOPRANK_PYTHON="/no/python"))
        assert line.endswith("SHOPRANK_PYTHON=/no/python is not one")

    def test_running_python_leads_to_its_base(self) -> None:
        """The real question to a real Python: the answer is outside the environment, which may be removed."""
        environment = {**os.environ, "SHOPRANK_PYTHON": sys.executable}
        path = found(subprocess.run(["sh", str(SCRIPT)], env=environment, capture_output=True, text=True))
        command = [str(path), "-c", "import sys; print(sys.prefix == sys.base_prefix, sys.version)"]
        assert subprocess.check_output(command, text=True).strip() == f"True {sys.version}"
