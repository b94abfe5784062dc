"""Every Python block of the pages runs, the blocks of a page one after the other, and prints what the page says."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.timeout(600)
def test_the_blocks_of_a_page_run(
    python_blocks: list[Any],
    answering_server: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in python_blocks:
        capsys.readouterr()
        run_block(block, names)
        printed = capsys.readouterr().out
        if block.output is not None:
            assert printed == block.output, block.place


def run_block(block: Any, names: dict[str, Any]) -> None:
    # Line numbers of a trace are those of the page.
    program = compile("\n" * block.line + block.text, block.page, "exec")
    exec(program, names)


def test_what_is_shown_was_asked_of_the_server(
    blocks: list[Any], answering_server: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (client,) = [block for block in blocks if block.page == "docs/operations.md" and block.language == "python"]
    run_block(client, {})
    assert answering_server == ["recommend"]
    assert capsys.readouterr().out.splitlines() == [
        "request_id model_version 0 first 0.5 0.5",
        "request_id model_version 1 second 0.5 0.5",
        "1 AVAILABLE ",
        "('user_id',)",
    ]


def test_another_output_would_be_noticed(blocks: list[Any]) -> None:
    shown = [block for block in blocks if block.language == "python" and block.output is not None]
    assert {block.page for block in shown} >= {"docs/bandits.md", "docs/evaluation.md"}
