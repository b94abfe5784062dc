"""The verbs about single users and items: `profile`, `attributes` and `automation`."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import DEMO_DIR, AsJson, RunDir, Verbose
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.verb import Verb

Source = Annotated[Path, typer.Argument(metavar="RUN_OR_CONFIG", help="A run directory, or the YAML file of a shop.")]


def add_profile_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (profile, attributes, automation):
        app.command(cls=Verb)(verb)


def profile(
    user: Annotated[str, typer.Argument(metavar="USER", help="Id of the user, as the shop writes it.")],
    run_dir: RunDir = DEMO_DIR,
    level: Annotated[int, typer.Option(min=1, max=3, help="Level of the categories; 1 is the coarsest.")] = 2,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Tell what the served model knows of a user: interests, prices, repeats, and users alike."""
    prepare_environment()
    from tfx_pipeline.profile.printing import print_profile
    from tfx_pipeline.profile.user_profile import user_profile

    found = user_profile(user, run_dir, level)
    if as_json:
        typer.echo(found.to_json())
    else:
        print_profile(found)


def attributes(
    source: Source,
    output: Annotated[Path, typer.Option(help="CSV file that gets the predictions.")],
    precision: Annotated[float, typer.Option(min=0.5, max=1.0, help="Share of them that should be right.")] = 0.9,
    verbose: Verbose = False,
) -> None:
    """Predict category, brand and price band of the items that lack them."""
    prepare_environment()
    from tfx_pipeline.attributes.fill import fill_attributes
    from tfx_pipeline.attributes.printing import print_filled

    print_filled(fill_attributes(source, output, precision))
    typer.echo(str(output))


def automation(
    source: Source,
    output: Annotated[Path | None, typer.Option(help="Folder that gets the list as CSV files.")] = None,
    verbose: Verbose = False,
) -> None:
    """List users and items whose behaviour before the eval window looks automated."""
    prepare_environment()
    from tfx_pipeline.automation.printing import print_findings
    from tfx_pipeline.automation.scan import scan_source

    findings = scan_source(source, output)
    print_findings(findings)
