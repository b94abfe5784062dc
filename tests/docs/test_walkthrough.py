"""The commands of docs/own_data.md, typed one after the other; the first ones quickly, all of them with `-m slow`."""

import csv
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ANSWER = re.compile(r"\bt(?:gr|bl|mi)\d{3}\b")


def type_in(command: str, shell: dict[str, Any], timeout: int = 900) -> str:
    """Run one command; return what it printed."""
    run = subprocess.run(command, capture_output=True, timeout=timeout, **shell)
    assert run.returncode == 0, f"{command}\n{run.stdout[-1000:]}\n{run.stderr[-2000:]}"
    return str(run.stdout)


def own_data(shell_commands: list[Any]) -> list[str]:
    return [command.text for command in shell_commands if command.place.startswith("docs/own_data.md:")]


def test_the_tables_are_read(shell_commands: list[Any], blocks: list[Any], shell: Any, tmp_path: Path) -> None:
    make_shop, check, *_ = own_data(shell_commands)
    type_in(make_shop, shell)
    printed = type_in(check, shell)

    assert "missing item_id: 1" in printed and "unreadable timestamp: 1" in printed
    with (tmp_path / "shop" / "run" / "quarantine" / "events.csv").open(newline="") as file:
        assert [row["reason"] for row in csv.DictReader(file)] == ["missing item_id", "unreadable timestamp"]
    (shown,) = [block.text for block in blocks if block.page == "docs/own_data.md" and block.language == "yaml"]
    plain = [re.sub(r"\s+# relative to this file.*", "", line) for line in shown.splitlines()]
    assert plain == (tmp_path / "shop" / "shop.yaml").read_text().splitlines()


class Server:
    """`shoprank serve ... &`, until the block ends."""

    def __init__(self, command: str, shell: dict[str, Any]) -> None:
        self._process = subprocess.Popen(f"exec {command}", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **shell)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"serving version \d+ on 127\.0\.0\.1:(\d+)", line)
        assert found is not None, line
        self.port = found[1]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(scope="session")
def after_training(shell_commands: list[Any], lasting_shell: Any) -> list[str]:
    """The commands that follow the training; those up to it have been typed."""
    commands = own_data(shell_commands)
    end = next(number for number, command in enumerate(commands) if "shoprank run " in command) + 1
    for command in commands[:end]:
        type_in(command, lasting_shell)
    return commands[end:]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_evaluation_of_a_run(after_training: list[str], shell_commands: list[Any], lasting_shell: Any) -> None:
    """The commands of docs/evaluation.md on that shop, but for those that need files which the page does not make."""
    runs = lasting_shell["cwd"] / "runs"
    runs.mkdir()
    for name in ("demo", "monday", "tuesday"):
        (runs / name).symlink_to("../shop/run")
    commands = [command.text for command in shell_commands if command.place.startswith("docs/evaluation.md:")]
    typed = [command for command in commands if not re.search(r"localhost|sessions\.csv|candidates\.csv", command)]
    assert len(typed) >= 5
    for command in typed:
        assert type_in(command, lasting_shell)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_own_data_from_the_first_line_to_the_last(after_training: list[str], lasting_shell: Any) -> None:
    server: Server | None = None
    printed: dict[str, str] = {}
    try:
        for command in after_training:
            if command.endswith("&"):
                server = Server(command.removesuffix("&") + " --port 0", lasting_shell)
                continue
            port = f" --server localhost:{server.port}" if server and " --k " in command else ""
            printed[command] = type_in(command + port, lasting_shell)
    finally:
        if server is not None:
            server.stop()
    (search,) = [text for command, text in printed.items() if "shoprank search" in command]
    assert len(ANSWER.findall(search)) == 3
    assert any("report.html" in text for text in printed.values())
    arithmetic = type_in(".venv/bin/python examples/scaling_arithmetic.py shop/run", lasting_shell)
    assert "the servable in 16 shards" in arithmetic
