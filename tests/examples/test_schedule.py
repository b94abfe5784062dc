"""The schedules say what the command line understands, at times that cron and systemd understand."""

import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
from typer.main import get_command

from tfx_pipeline.cli import app
from tfx_pipeline.watched_run import GRACE_SECONDS

FOLDER = Path(__file__).parents[2] / "examples" / "schedule"
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day of the month, month, day of the week."""


class Unit(ConfigParser):
    """A unit file of systemd."""

    def __init__(self, name: str) -> None:
        super().__init__(interpolation=None)
        self.read_string((FOLDER / name).read_text(encoding="utf-8"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def crontab_lines() -> Iterator[tuple[list[str], str]]:
    """The five fields and the command of each job."""
    for line in (FOLDER / "crontab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and not re.match(r"[A-Z]+=", line):
            *fields, command = line.split(maxsplit=5)
            yield fields, command


def commands() -> Iterator[str]:
    """Every call of shoprank, in the crontab and in the units."""
    for _, command in crontab_lines():
        yield from (part.split(">>")[0] for part in command.split("&&") if "shoprank" in part)
    yield from (Unit(name)["Service"]["ExecStart"] for name in ("shoprank.service", "shoprank-watch.service"))


def parsed(command: str) -> tuple[str, dict[str, object]]:
    """The verb, or group and verb, and the values of its options."""
    program, *words = shlex.split(command)
    assert program.endswith(".venv/bin/shoprank")
    node, name = get_command(app), []
    while hasattr(node, "commands"):
        name.append(words.pop(0))
        node = getattr(node, "commands")[name[-1]]  # noqa: B009  a group, which the type does not say
    return " ".join(name), node.make_context(name[-1], words).params


def test_every_command_is_understood() -> None:
    verbs = [parsed(command)[0] for command in commands()]
    assert sorted(set(verbs)) == ["feedback update", "refresh-index", "run", "runs"]
    assert {parsed(command)[1]["run_dir"] for command in commands()} == {Path("runs/shop")}


@pytest.mark.parametrize(("fields", "command"), crontab_lines())
def test_every_time_of_the_crontab_is_one(fields: list[str], command: str) -> None:
    assert "%" not in command, "cron takes it for a line break"
    for field, (low, high) in zip(fields, BOUNDS, strict=True):
        number = re.fullmatch(r"\*(?:/(\d+))?|(\d+)", field)
        assert number, field
        assert all(low <= int(each) <= high for each in number.groups() if each)


def test_the_watch_has_time_to_stop_its_run() -> None:
    service = Unit("shoprank-watch.service")["Service"]
    assert parsed(service["ExecStart"])[1]["watch"] is True
    assert int(service["TimeoutStopSec"]) > GRACE_SECONDS
    # To the watch alone, which stops the run and tells it.
    assert service["KillMode"] == "mixed"


def test_the_timer_starts_the_service_of_its_name_every_night() -> None:
    timer = Unit("shoprank.timer")["Timer"]
    assert re.fullmatch(r"\*-\*-\* [0-2]\d:[0-5]\d:00", timer["OnCalendar"]) and timer["Persistent"] == "true"
    service = Unit("shoprank.service")["Service"]
    assert service["Type"] == "oneshot" and parsed(service["ExecStart"])[1]["watch"] is False
