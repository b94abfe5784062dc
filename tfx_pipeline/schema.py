"""The verb `shoprank schema`: what the examples of the last run look like, and freezing it for the runs to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.frozen_schema import freeze
from tfx_pipeline.run_log import log_to
from tfx_pipeline.schema_table import schema_table
from trainer.features import CATALOGUE, ITEM_EXAMPLE, USER_EXAMPLE, Feature

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

    from tfx_pipeline.run_records import StageRecord

LARGEST_DOMAIN = 100
"""Most distinct texts of an own column that become its domain; a column with more may hold any text."""


@dataclass(frozen=True)
class ProposedSchema:
    """What examples must look like from now on, if it is accepted.

    Attributes:
        users: Schema of the user examples.
        items: Schema of the catalogue.
    """

    users: "schema_pb2.Schema"
    items: "schema_pb2.Schema"


def schema_verb(run_dir: Path, accept: bool) -> None:
    """Print the schema that the last run proposes, and freeze it if told to.

    Raises:
        PipelineError: No run got far enough to propose one.
    """
    _database(run_dir)
    # Here, because it brings half of the house with it.
    from tfx_pipeline.environment import prepare_environment

    prepare_environment()
    with log_to(run_dir / "logs" / "schema.log") as console:
        proposed = propose_schema(run_dir)
        console.print(schema_table("User examples", proposed.users))
        console.print(schema_table("Catalogue", proposed.items))
        if accept:
            for path in accept_schema(run_dir):
                console.print(f"Frozen: {path}", markup=False, highlight=False, soft_wrap=True)
        else:
            console.print("`shoprank schema --accept` freezes it: later runs stop where their examples differ from it.")


def accept_schema(run_dir: Path) -> list[Path]:
    """Freeze the schema that the last run proposes.

    Returns:
        The files written: users.pbtxt and items.pbtxt in `<run_dir>/schema`.

    Raises:
        PipelineError: No run got far enough to propose one.
    """
    proposed = propose_schema(run_dir)
    return freeze(proposed.users, proposed.items, run_dir)


def propose_schema(run_dir: Path) -> ProposedSchema:
    """The schema of the last run, with the own columns as TensorFlow Data Validation finds them in its examples.

    An own column gets its presence, and the domain of a text with few values; what was frozen before is widened to the
    new values. A run that an anomaly stopped counts as well, so that what is new can be accepted.

    Raises:
        PipelineError: No run got far enough.
    """
    records = _last_run(run_dir)
    splits = sorted(records["StatisticsGen"].outputs["statistics"].glob("Split-*"))
    catalogue = [split for split in splits if split.name == f"Split-{CATALOGUE}"]
    users = [split for split in splits if split not in catalogue]
    schemas = records["ContractSchema"].outputs
    return ProposedSchema(
        _with_own_columns(schemas["users"], users, USER_EXAMPLE),
        _with_own_columns(schemas["items"], catalogue, ITEM_EXAMPLE),
    )


def _last_run(run_dir: Path) -> "dict[str, StageRecord]":
    from tfx_pipeline.run_records import last_run

    records = last_run(_database(run_dir))
    for stage in ("ContractSchema", "StatisticsGen"):
        if stage not in records:
            raise PipelineError(f"{run_dir}: the last run did not finish {stage}, so it has no schema to propose")
    return records


def _database(run_dir: Path) -> Path:
    database = run_dir / "tfx" / "metadata.db"
    if not database.exists():
        raise PipelineError(f"{run_dir}: no run here yet; the schema is taken from the examples of a run")
    return database


def _with_own_columns(
    schema_folder: Path, splits: Sequence[Path], contract: tuple[Feature, ...]
) -> "schema_pb2.Schema":
    """The contract's features as they were, and the own columns as the statistics of the splits have them."""
    import tensorflow_data_validation as tfdv

    schema = tfdv.load_schema_text(str(schema_folder / "schema.pbtxt"))
    names = {feature.name for feature in contract}
    statistics = [_own_statistics(split / "FeatureStats.pb", names) for split in splits]
    found = {feature.path.step[0] for each in statistics for feature in each.datasets[0].features}
    own = _subset(schema, {entry.name for entry in schema.feature if entry.name in found and _has_domain(entry)})
    for each in statistics:
        if each.datasets[0].features:
            own = tfdv.update_schema(own, each, infer_feature_shape=False, max_string_domain_size=LARGEST_DOMAIN)
    before = {entry.name: entry for entry in schema.feature}
    proposed = _subset(schema, names)
    for entry in own.feature:
        proposed.feature.add().CopyFrom(_keep_type(entry, before.get(entry.name)))
    for domain in own.string_domain:
        proposed.string_domain.add(name=domain.name, value=sorted(domain.value))
    return proposed


def _own_statistics(path: Path, contract: set[str]) -> "statistics_pb2.DatasetFeatureStatisticsList":
    """The statistics of the features that are not the contract's."""
    import tensorflow_data_validation as tfdv

    statistics = tfdv.load_stats_binary(str(path))
    dataset = statistics.datasets[0]
    own = [feature for feature in dataset.features if feature.path.step[0] not in contract]
    del dataset.features[:]
    if dataset.num_examples:
        dataset.features.extend(own)
    return statistics


def _has_domain(entry: "schema_pb2.Feature") -> bool:
    return entry.WhichOneof("domain_info") is not None


def _subset(schema: "schema_pb2.Schema", names: set[str]) -> "schema_pb2.Schema":
    """A schema with the named features alone, and the domains that they refer to."""
    part = type(schema)()
    part.CopyFrom(schema)
    del part.feature[:], part.string_domain[:]
    part.feature.extend(entry for entry in schema.feature if entry.name in names)
    used = {entry.domain for entry in part.feature if entry.domain}
    part.string_domain.extend(domain for domain in schema.string_domain if domain.name in used)
    return part


def _keep_type(entry: "schema_pb2.Feature", before: "schema_pb2.Feature | None") -> "schema_pb2.Feature":
    """What statistics cannot tell: the type of a column without values, and whether it is a list."""
    entry.value_count.ClearField("max")
    if before is not None:
        entry.type = before.type
        if before.value_count.max:
            entry.value_count.max = before.value_count.max
    return entry
