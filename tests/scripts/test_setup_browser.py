"""The browser for the tests of the report: installed where that needs no question, and never a failure."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/setup_browser.sh"
SKIPPED = "no Chromium with chromedriver, and none can be installed: the browser test is skipped"


class Machine:
    """A machine whose commands are those that a test puts there; apt-get writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.calls = folder / "bin", folder / "calls"
        self.bin.mkdir()
        self.add("env", 'while case $1 in *=*) true ;; *) false ;; esac; do shift; done; exec "$@"')

    def add(self, name: str, body: str = "true") -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def add_apt(self, body: str = "true") -> None:
        self.add("apt-get", f'echo "$*" >>{self.calls}\n{body}')

    def set_up(self) -> str:
        result = subprocess.run(
            ["/bin/sh", str(SCRIPT)], env={"PATH": str(self.bin)}, capture_output=True, text=True, check=True
        )
        assert result.stderr == ""
        return result.stdout.strip()

    @property
    def installed(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.partition("install ")[2] for line in lines if " install " in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.add("id", "echo 1000")
    return machine


PLACES = (
    'for name in chromium chromedriver; do printf "#!/bin/sh\\n" >"${0%/*}/$name"; /bin/chmod +x "${0%/*}/$name"; done'
)


def test_a_machine_with_a_browser_is_left_alone(machine: Machine) -> None:
    machine.add_apt()
    for name in ("google-chrome", "chromedriver"):
        machine.add(name)
    assert machine.set_up() == "" and machine.installed == []


def test_root_installs_it(machine: Machine) -> None:
    machine.add("id", "echo 0")
    machine.add_apt(PLACES)
    assert machine.set_up() == "shoprank set-up: Chromium is installed for the browser test"
    assert machine.installed == ["-y --no-install-recommends chromium chromium-driver"]
    assert machine.set_up() == ""


def test_sudo_without_a_password_installs_it(machine: Machine) -> None:
    machine.add("sudo", 'shift; exec "$@"')
    machine.add("true")
    machine.add_apt(PLACES)
    assert machine.set_up() == "shoprank set-up: Chromium is installed for the browser test"


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_without_the_right_to_install_nothing_is_tried(machine: Machine, sudo: str | None) -> None:
    machine.add_apt(PLACES)
    if sudo is not None:
        machine.add("sudo", sudo)
    assert machine.set_up() == f"shoprank set-up: {SKIPPED}"
    assert machine.installed == []


def test_a_failed_installation_is_told_in_one_line(machine: Machine) -> None:
    machine.add("id", "echo 0")
    assert machine.set_up() == f"shoprank set-up: {SKIPPED}"
    machine.add_apt("echo broken >&2; exit 100")
    assert machine.set_up() == f"shoprank set-up: {SKIPPED}"


def test_a_browser_without_its_driver_is_not_enough(machine: Machine) -> None:
    machine.add("chromium")
    assert machine.set_up() == f"shoprank set-up: {SKIPPED}"
