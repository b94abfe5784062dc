"""The verbs of the command line about what is served: `versions`, `promote`, `canary` and `rollback`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tfx_pipeline.cli_options import DEMO_DIR, PORT, AsJson, RunDir, Server, Verbose, host_and_port
from tfx_pipeline.verb import Verb

LATEST = "latest"


# Typer looks at the annotation of a callback's argument, and Python 3.10 takes `list[str]` for a class.
def _addresses(values: Any) -> Any:
    return [host_and_port(value) for value in values]


def _version_or_latest(value: str) -> str:
    if value != LATEST and not (value.isascii() and value.isdigit()):
        raise typer.BadParameter(f"{value!r} is neither a version nor {LATEST!r}")
    return value


def _inner_share(value: float) -> float:
    if not 0 < value < 1:
        raise typer.BadParameter(f"must be above 0 and below 1, is {value:g}")
    return value


Servers = Annotated[
    list[str], typer.Option("--server", help="host:port of a server; again for each further one.", callback=_addresses)
]
WaitSeconds = Annotated[float, typer.Option(min=0, help="How long a version may take to load.")]


def add_version_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (versions, promote, canary, rollback):
        app.command(cls=Verb)(verb)


def versions(
    run_dir: RunDir = DEMO_DIR,
    server: Server = f"localhost:{PORT}",
    log: Annotated[
        Path | None,
        typer.Option("--log", help="Folder of the feedback log; by default `feedback` in the run directory."),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """List the versions of a run: size, time, state, labels, and the share of the users that each is meant for."""
    from tfx_pipeline.operations.printing import print_versions, versions_json
    from tfx_pipeline.operations.version_list import list_versions

    listed = list_versions(run_dir, server, log)
    if as_json:
        typer.echo(versions_json(listed))
    else:
        print_versions(listed)


def promote(
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION",
            help="Number of the version, or `latest` to take each new one as it comes.",
            callback=_version_or_latest,
        ),
    ],
    run_dir: RunDir = DEMO_DIR,
    server: Servers = [f"localhost:{PORT}"],  # noqa: B006  Typer copies it
    wait_seconds: WaitSeconds = 300,
    verbose: Verbose = False,
) -> None:
    """Make a version the stable one: it is loaded, then the label moves, then the old one is dropped."""
    from tfx_pipeline.operations.changes import promote as promote_version
    from tfx_pipeline.operations.printing import print_done

    chosen = None if version == LATEST else int(version)
    print_done(promote_version(run_dir, chosen, server, wait_seconds), run_dir)


def canary(
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="Number of the version.")],
    share: Annotated[float, typer.Option(help="Share of the users, above 0 and below 1.", callback=_inner_share)] = 0.1,
    run_dir: RunDir = DEMO_DIR,
    server: Servers = [f"localhost:{PORT}"],  # noqa: B006
    wait_seconds: WaitSeconds = 300,
    verbose: Verbose = False,
) -> None:
    """Serve a version beside the stable one, for a share of the users."""
    from tfx_pipeline.operations.changes import canary as try_version
    from tfx_pipeline.operations.printing import print_done

    print_done(try_version(run_dir, version, share, server, wait_seconds), run_dir)


def rollback(
    run_dir: RunDir = DEMO_DIR,
    server: Servers = [f"localhost:{PORT}"],  # noqa: B006
    wait_seconds: WaitSeconds = 300,
    verbose: Verbose = False,
) -> None:
    """End the canary if there is one, else return to the version that was stable before."""
    from tfx_pipeline.operations.changes import rollback as take_back
    from tfx_pipeline.operations.printing import print_done

    print_done(take_back(run_dir, server, wait_seconds), run_dir)
