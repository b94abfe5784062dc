"""TFX component: the curated schema of the examples, from `trainer.features` and the shop's own columns, or frozen."""

import json
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from tfx_pipeline.frozen_schema import ITEMS_FILE, USERS_FILE, read_frozen
from tfx_pipeline.sources.errors import DataError
from trainer.features import EVENT_PREFIX, ITEM_EXAMPLE, ITEM_PREFIX, USER_EXAMPLE, Feature, Kind

_TYPES = {"string": schema_pb2.BYTES, "int": schema_pb2.INT, "float": schema_pb2.FLOAT}
_OWN_KINDS: dict[str, Kind] = {"text": "string", "number": "float"}


@dataclass(frozen=True)
class ExampleFeatures:
    """The features of both kinds of examples.

    Attributes:
        users: Features of user windows, cases and the user store.
        items: Features of the catalogue.
    """

    users: tuple[Feature, ...]
    items: tuple[Feature, ...]


@component
def ContractSchema(
    own_columns: Parameter[str],
    frozen: Parameter[str],
    version: Parameter[str],
    users: OutputArtifact[standard_artifacts.Schema],
    items: OutputArtifact[standard_artifacts.Schema],
    union: OutputArtifact[standard_artifacts.Schema],
) -> None:
    """Write the schemas.

    Args:
        own_columns: The shop's own columns as JSON: `{"events": {name: kind}, "items": {name: kind}}`, where a kind is
            `text` or `number`.
        frozen: Folder with the users.pbtxt and items.pbtxt that `shoprank schema --accept` wrote; '' if there is none.
        version: Hash of our code and of the frozen files; a changed definition makes a new schema.
        users: What user windows, cases and the user store must look like.
        items: What the catalogue must look like.
        union: All features of both, for parsing; never from the frozen files.

    Raises:
        DataError: A frozen file is missing, is no schema, or lacks a feature of the contract.
    """
    del version
    features = example_features(own_columns)
    schemas = {users.uri: build_schema(features.users), items.uri: build_schema(features.items)}
    if frozen:
        schemas = {
            users.uri: read_frozen(Path(frozen) / USERS_FILE, USER_EXAMPLE),
            items.uri: read_frozen(Path(frozen) / ITEMS_FILE, ITEM_EXAMPLE),
        }
    schemas[union.uri] = build_schema(features.users + features.items)
    for uri, schema in schemas.items():
        Path(uri).mkdir(parents=True, exist_ok=True)
        (Path(uri) / "schema.pbtxt").write_text(text_format.MessageToString(schema), encoding="utf-8")


def example_features(own_columns: str) -> ExampleFeatures:
    """The features of the contract and those of the shop's own columns.

    An own column of the events is a list beside `item_ids`, with a value for every event; one of the items is a single
    value, absent where the item has none.

    Args:
        own_columns: As the parameter of `ContractSchema`.

    Raises:
        DataError: A feature of an own column would have the name of another feature.
    """
    own = json.loads(own_columns)
    of_events = [Feature(EVENT_PREFIX + name, _OWN_KINDS[kind], single=False) for name, kind in own["events"].items()]
    of_items = [Feature(ITEM_PREFIX + name, _OWN_KINDS[kind], required=False) for name, kind in own["items"].items()]
    taken = {feature.name for feature in USER_EXAMPLE + ITEM_EXAMPLE}
    for prefix, features in ((EVENT_PREFIX, of_events), (ITEM_PREFIX, of_items)):
        for feature in features:
            if feature.name in taken:
                column = feature.name.removeprefix(prefix)
                raise DataError(
                    f"own column {column!r}: the examples have a feature {feature.name}; give it another name"
                )
    return ExampleFeatures((*USER_EXAMPLE, *of_events), (*ITEM_EXAMPLE, *of_items))


def build_schema(features: tuple[Feature, ...]) -> schema_pb2.Schema:
    """The TensorFlow Metadata schema of some features; every one is parsed as a variable-length list."""
    schema = schema_pb2.Schema()
    for feature in features:
        entry = schema.feature.add(name=feature.name, type=_TYPES[feature.kind])
        entry.presence.min_count = 1
        if feature.required:
            entry.presence.min_fraction = 1.0
            entry.value_count.min = 1
        if feature.single:
            entry.value_count.max = 1
        if feature.minimum is not None:
            _set_minimum(entry, feature)
    return schema


def _set_minimum(entry: schema_pb2.Feature, feature: Feature) -> None:
    if feature.kind == "int":
        entry.int_domain.min = int(feature.minimum or 0)
    else:
        entry.float_domain.min = float(feature.minimum or 0.0)
