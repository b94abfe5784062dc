"""TFX components: the anomaly score of users and items, and the filter before training."""

import shutil
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact

from tfx_pipeline.automation.example_filter import filter_examples
from tfx_pipeline.automation.listing import listed_users, write_listing
from tfx_pipeline.automation.scan import scan_tables
from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.split_tables import read_split

LISTING_FOLDER = "automation"
"""In the run directory: a copy of the last listing."""


class AutomationListing(Artifact):
    """Users and items whose behaviour looks automated: users.csv, items.csv, automation.json."""

    TYPE_NAME = "AutomationListing"


@component
def AutomationScorer(
    tables: InputArtifact[ShopTables],
    split: Parameter[str],
    settings: Parameter[str],
    run_dir: Parameter[str],
    version: Parameter[str],
    listing: OutputArtifact[AutomationListing],
) -> None:
    """Score all users and items by what happened before the eval window.

    Args:
        tables: The tables on the data contract.
        split: `SplitConfig` as JSON.
        settings: `AutomationConfig` as JSON.
        run_dir: The run directory, whose folder `automation` gets a copy of the listing.
        version: Hash of the code.
        listing: Who was found.
    """
    del version
    source, destination = Path(tables.uri), Path(listing.uri)
    decided = read_split(source, SplitConfig.model_validate_json(split))
    findings, events = scan_tables(source, decided, AutomationConfig.model_validate_json(settings))
    write_listing(findings, events, destination)
    shown = Path(run_dir) / LISTING_FOLDER
    shutil.rmtree(shown, ignore_errors=True)
    shutil.copytree(destination, shown)


@component
def AutomationFilter(
    unfiltered: InputArtifact[standard_artifacts.Examples],
    listing: InputArtifact[AutomationListing],
    version: Parameter[str],
    examples: OutputArtifact[standard_artifacts.Examples],
) -> None:
    """Leave the examples of listed users out of the splits train and ranker.

    Args:
        unfiltered: tf.Examples of the splits train, ranker, eval, users and catalogue.
        listing: Who is left out.
        version: Hash of the code.
        examples: The same examples without theirs; eval, users and catalogue as they were.

    Raises:
        DataError: Fewer than two users are left to learn from.
    """
    del version
    filter_examples(Path(unfiltered.uri), Path(examples.uri), listed_users(Path(listing.uri)))
    examples.split_names = unfiltered.split_names
