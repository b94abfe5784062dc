"""What Apache Beam makes of the options of a configuration, before a run starts."""

from contextlib import redirect_stderr
from io import StringIO
from typing import Any

from tfx_pipeline.errors import PipelineError

_ASK_THE_CLUSTER = ("flink", "spark", "portable")
"""Parts of the names of runners whose job service has options of its own, which only the service knows."""


def require_beam_options(options: list[str]) -> None:
    """Check the `beam_options` of a configuration that is about to run; without any Beam is not imported.

    Raises:
        PipelineError: Beam cannot run with them, see `check_beam_options`.
    """
    try:
        if options:
            check_beam_options(options)
    except ValueError as error:
        raise PipelineError(f"beam_options: {error}") from error


def check_beam_options(options: list[str]) -> dict[str, Any]:
    """What the options say, by their names.

    Args:
        options: `--name=value` each.

    Returns:
        Name -> value of all options that were given, as Beam reads them.

    Raises:
        ValueError: One is not `--name`, has a value of the wrong type, or Beam knows none of this name and the runner
            asks no job service either.
    """
    for option in options:
        if not option.startswith("--"):
            raise ValueError(f"{option!r} is not an option of Beam; write --name=value")
    known, with_unknown = _parse(options, retain_unknown=False), _parse(options, retain_unknown=True)
    unknown = sorted(set(with_unknown) - set(known))
    runner = str(with_unknown.get("runner") or "").lower()
    if unknown and not any(name in runner for name in _ASK_THE_CLUSTER):
        raise ValueError(f"Beam has no option --{unknown[0]}")
    return with_unknown


def _parse(options: list[str], retain_unknown: bool) -> dict[str, Any]:
    import apache_beam  # noqa: F401  Its stores and runners bring options of their own.
    from apache_beam.options.pipeline_options import PipelineOptions

    said = StringIO()
    try:
        with redirect_stderr(said):
            parsed = PipelineOptions(options)
            return dict(parsed.get_all_options(drop_default=True, retain_unknown_options=retain_unknown))
    except SystemExit as error:  # argparse ends the process, with the reason on the last line.
        lines = said.getvalue().strip().splitlines() or ["they ask for help"]
        reason = lines[-1].partition("error: ")[2] or lines[-1]
        raise ValueError(f"Beam cannot read its options: {reason}") from error
