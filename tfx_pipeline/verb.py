"""A verb of the command line, whose errors are one line on stderr."""

import re
import traceback
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand

# By name: an error that was raised has its module imported, and the rest would only cost time.
_FOR_THE_USER = {
    "serving.connection.ServingError",
    "tfx_pipeline.config.ConfigError",
    "tfx_pipeline.errors.PipelineError",
    "tfx_pipeline.run_summary.RunSummaryError",
    "tfx_pipeline.sources.errors.DataError",
    "trainer.text_checkpoint.TextCheckpointError",
}
# Beam raises an error of a step again with this behind its message.
_STEP_OF_BEAM = re.compile(r" \[while running '.*'\]$", re.DOTALL)


class Verb(TyperCommand):
    """Runs a verb; an error ends it with exit code 1 and one line, behind its trace if `--verbose` was given."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb with its arguments, which have been parsed."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params.get("verbose") or ctx.find_root().params.get("verbose"):
                typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
            typer.echo(f"shoprank: {describe(error)}", err=True)
            raise typer.Exit(1) from error


def describe(error: BaseException) -> str:
    """One line that says what is wrong: that of the first error of the chain which is meant for the user."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.filename is not None and one.strerror:
            return _one_line(f"{one.filename}: {one.strerror}")
        if isinstance(one, OSError) or _is_for_the_user(one):
            return _one_line(_STEP_OF_BEAM.sub("", str(one)))
    if isinstance(error, ModuleNotFoundError):
        return _one_line(f"{error}; the extra [pipeline] of shoprank installs what this verb needs")
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _one_line(f"unexpected {reason}; run again with --verbose for the trace")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, the one that it was raised from, and so on; each once."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def _is_for_the_user(error: BaseException) -> bool:
    return any(f"{kind.__module__}.{kind.__qualname__}" in _FOR_THE_USER for kind in type(error).__mro__)


def _one_line(text: str) -> str:
    return " ".join(text.split())
