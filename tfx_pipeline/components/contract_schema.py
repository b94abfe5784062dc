"""TFX component: the curated schema of the examples, made from the feature definitions of `trainer.features`."""

import os

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from trainer.features import ITEM_EXAMPLE, USER_EXAMPLE, Feature

_TYPES = {"string": schema_pb2.BYTES, "int": schema_pb2.INT, "float": schema_pb2.FLOAT}


@component
def ContractSchema(
    version: Parameter[str],
    users: OutputArtifact[standard_artifacts.Schema],
    items: OutputArtifact[standard_artifacts.Schema],
    union: OutputArtifact[standard_artifacts.Schema],
) -> None:
    """Write the schemas.

    Args:
        version: Hash of our code; a changed definition makes a new schema.
        users: What user windows, cases and the user store must look like.
        items: What the catalogue must look like.
        union: All features of both, for parsing.
    """
    del version
    for artifact, features in ((users, USER_EXAMPLE), (items, ITEM_EXAMPLE), (union, USER_EXAMPLE + ITEM_EXAMPLE)):
        os.makedirs(artifact.uri, exist_ok=True)
        with open(os.path.join(artifact.uri, "schema.pbtxt"), "w", encoding="utf-8") as file:
            file.write(text_format.MessageToString(build_schema(features)))


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
