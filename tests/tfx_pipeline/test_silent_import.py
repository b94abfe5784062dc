"""What is written to the descriptor of standard error is dropped while an import lasts, and only then."""

import os

import pytest

from tfx_pipeline.silent_import import silent_import


def test_only_the_terminal_is_heard(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with silent_import() as terminal:
        os.write(2, b"greeting\n")
        terminal.write("waiting\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nwaiting\nafter\n"


def test_a_failed_import_is_raised_and_heard_of_again(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError, match="no such thing"), silent_import():
        raise ImportError("no such thing")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
