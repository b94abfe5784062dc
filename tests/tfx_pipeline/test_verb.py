import importlib

import pytest
import typer
from typer.testing import CliRunner

from serving.client import ServingError
from tfx_pipeline.config import ConfigError
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_summary import RunSummaryError
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.verb import _FOR_THE_USER, Verb, describe

AGAIN = "run again with --verbose for the trace"


class ReplacedDataError(DataError):
    pass


def wrapped(inner: Exception, *, explicit: bool) -> Exception:
    try:
        try:
            raise inner
        except Exception as error:
            if explicit:
                raise RuntimeError("a worker failed") from error
            raise RuntimeError("a worker failed")  # noqa: B904
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize("kind", [ConfigError, DataError, PipelineError, RunSummaryError, ServingError, OSError])
@pytest.mark.parametrize("explicit", [True, False])
def test_an_error_for_the_user_is_found_behind_another(kind: type[Exception], explicit: bool) -> None:
    assert describe(wrapped(kind("items.csv: no column\n title"), explicit=explicit)) == "items.csv: no column title"


def test_errors_for_the_user_are_named_as_they_are_called() -> None:
    for name in _FOR_THE_USER:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), Exception)


def test_a_hidden_context_stays_hidden() -> None:
    error = ValueError("what counts")
    error.__context__, error.__suppress_context__ = DataError("handled"), True
    assert describe(error) == f"unexpected ValueError: what counts; {AGAIN}"


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert describe(first) == f"unexpected ValueError: first; {AGAIN}"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("a.csv: empty [while running 'Ingest/Read']"), "a.csv: empty"),
        (ReplacedDataError("a.csv: empty"), "a.csv: empty"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "a.csv: No such file or directory"),
        (OSError("cannot listen"), "cannot listen"),
        (ZeroDivisionError(), f"unexpected ZeroDivisionError; {AGAIN}"),
        (KeyError("x"), f"unexpected KeyError: 'x'; {AGAIN}"),
        (
            ModuleNotFoundError("No module named 'tfx'"),
            "No module named 'tfx'; the extra [pipeline] of shoprank installs what this verb needs",
        ),
    ],
)
def test_the_line(error: Exception, line: str) -> None:
    assert describe(error) == line


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (DataError("a.csv: empty"), 1, "shoprank: a.csv: empty\n"),
        (ZeroDivisionError("by 0"), 1, f"shoprank: unexpected ZeroDivisionError: by 0; {AGAIN}\n"),
        (typer.Exit(7), 7, ""),
    ],
)
@pytest.mark.parametrize("verbose", ["no", "before", "after"])
def test_exit_code_line_and_trace(error: Exception, code: int, line: str, verbose: str) -> None:
    app = typer.Typer()

    @app.callback()
    def root(verbose: bool = False) -> None:
        pass

    @app.command(cls=Verb)
    def fail(verbose: bool = False) -> None:
        raise error

    words = {"no": ["fail"], "before": ["--verbose", "fail"], "after": ["fail", "--verbose"]}[verbose]
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stdout) == (code, "")
    if verbose == "no" or not line:
        assert result.stderr == line
    else:
        assert result.stderr.startswith("Traceback (most recent call last):\n")
        assert "in fail\n    raise error\n" in result.stderr
        assert result.stderr.endswith(f"\n{line}")
