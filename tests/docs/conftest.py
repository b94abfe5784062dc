"""The fenced blocks of all pages, and what the tests of the pages run them with."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
SHELLS = {"bash", "console", "sh"}
# Blocks of the README and of CONTRIBUTING have no language; these are what a command there begins with.
COMMANDS = ("make ", ".venv/bin/", "shoprank ", "docker ")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, and the text of a block right behind it that shows its output."""

    page: str
    line: int
    language: str
    text: str
    output: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a block: all of its lines, with a document that is fed to it."""

    place: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    blocks = []
    for number, fence in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        output = None
        if (
            following is not None
            and following["language"] == "text"
            and not text[fence.end() : following.start()].strip()
        ):
            output = following["text"]
        line = text[: fence.start()].count("\n") + 1
        blocks.append(Block(str(page.relative_to(ROOT)), line, fence["language"], fence["text"], output))
    return blocks


def is_shell(block: Block) -> bool:
    lines = [line for line in block.text.splitlines() if line.strip()]
    return block.language in SHELLS or (not block.language and all(line.startswith(COMMANDS) for line in lines))


def commands_of(block: Block) -> list[Command]:
    """The commands of a shell block; lines that end in a backslash, and here-documents, belong to theirs."""
    commands, lines = [], iter(enumerate(block.text.splitlines(), start=block.line + 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.endswith("\\"):
            line = line[:-1] + next(lines)[1]
        document = re.search(r"<<'?(\w+)'?$", line)
        while document and not line.endswith(f"\n{document[1]}"):
            line += "\n" + next(lines)[1]
        commands.append(Command(f"{block.page}:{number}", line))
    return commands


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SHELL_COMMANDS = [command for block in BLOCKS if is_shell(block) for command in commands_of(block)]
PYTHON_PAGES = {
    page: [block for block in BLOCKS if block.page == page and block.language == "python"]
    for page in dict.fromkeys(block.page for block in BLOCKS if block.language == "python")
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "command" in metafunc.fixturenames:
        metafunc.parametrize("command", SHELL_COMMANDS, ids=[command.place for command in SHELL_COMMANDS])
    if "python_blocks" in metafunc.fixturenames:
        metafunc.parametrize("python_blocks", PYTHON_PAGES.values(), ids=PYTHON_PAGES)
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


@pytest.fixture(scope="session")
def blocks() -> list[Block]:
    return BLOCKS


@pytest.fixture(scope="session")
def shell_commands() -> list[Command]:
    return SHELL_COMMANDS


def make_workplace(folder: Path) -> Path:
    """A folder in which the commands of the pages can be typed: the repository's examples, and our own programs."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, module in (("shoprank", "-m tfx_pipeline.cli"), ("python", "")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {module} "$@"\n')
        program.chmod(0o755)
    for name in ("examples", "docs", "serving"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def shell_in(folder: Path) -> dict[str, Any]:
    """Arguments of `subprocess.run` for a command typed in a folder."""
    environment = {**os.environ, "COLUMNS": "120"}
    return {"cwd": folder, "env": environment, "executable": "/bin/bash", "shell": True, "text": True}


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, Any]:
    return shell_in(make_workplace(tmp_path))


@pytest.fixture(scope="session")
def lasting_shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same in a folder that several tests share."""
    return shell_in(make_workplace(tmp_path_factory.mktemp("workplace")))


@pytest.fixture
def answering_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """In the place of a connection: answers each request as a servable would; yields the names of what was asked."""
    from serving import messages
    from serving.connection import Connection
    from serving.tensors import to_tensor

    asked: list[str] = []

    def predict(request: Any) -> Any:
        asked.append(request.model_spec.signature_name)
        rows = len(request.inputs["user_id"].string_val)
        strings = {"item_ids": np.array([["first", "second"]] * rows, object)}
        strings["sources"] = np.full((rows, 2), "sources", object)
        of_slot = ("scores", "propensities", "inclusion_probabilities", "predicted_utilities")
        numbers = {name: np.full((rows, 2), 0.5, np.float32) for name in of_slot}
        numbers["exploration_features"] = np.full((rows, 2, 3), 0.5, np.float32)
        ids = {name: np.full(rows, name, object) for name in ("request_id", "model_version", "policy")}
        strings["matching_words"] = np.full((rows, 2), "words", object)
        numbers |= {
            name: np.full((rows, 2), 1, np.float32) for name in ("utility", "times_chosen", "days_since_chosen")
        }
        for name in ("feature_names", "similar_history_item_ids"):
            strings[name] = np.full((rows, 2, 1), name, object)
        for name in ("feature_values", "feature_contributions", "similar_history_scores"):
            numbers[name] = np.full((rows, 2, 1), 0.25, np.float32)
        response = messages.PredictResponse()
        for name, array in {**strings, **numbers, **ids}.items():
            response.outputs[name].CopyFrom(to_tensor(array))
        return response

    def status(_: Any) -> Any:
        response = messages.GetModelStatusResponse()
        response.model_version_status.add(version=1, state=30)
        return response

    def metadata(_: Any) -> Any:
        signatures = messages.SignatureDefMap()
        signatures.signature_def["recommend"].inputs["user_id"].name = "user_id"
        response = messages.GetModelMetadataResponse()
        response.metadata["signature_def"].value = signatures.SerializeToString()
        return response

    answers = {"Predict": predict, "GetModelStatus": status, "GetModelMetadata": metadata}
    monkeypatch.setattr(Connection, "call", lambda self, method, request, _: answers[method.partition("/")[2]](request))
    yield asked
