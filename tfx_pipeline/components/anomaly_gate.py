"""TFX component: stops the run when TensorFlow Data Validation found an anomaly."""

import os

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.sources.errors import DataError


@component
def AnomalyGate(
    users: InputArtifact[standard_artifacts.ExampleAnomalies],
    items: InputArtifact[standard_artifacts.ExampleAnomalies],
) -> None:
    """Raise if any split has an anomaly.

    Args:
        users: Anomalies of the user examples.
        items: Anomalies of the catalogue.

    Raises:
        DataError: One line with every anomaly: split, feature and description.
    """
    found = describe_anomalies(users) + describe_anomalies(items)
    if found:
        raise DataError("the examples break the schema: " + "; ".join(found))


def describe_anomalies(artifact: standard_artifacts.ExampleAnomalies) -> list[str]:
    """`split, feature: what is wrong` of every anomaly in an artifact."""
    lines = []
    for split in artifact_utils.decode_split_names(artifact.split_names):
        anomalies = anomalies_pb2.Anomalies()
        with open(os.path.join(artifact.uri, f"Split-{split}", "SchemaDiff.pb"), "rb") as file:
            anomalies.ParseFromString(file.read())
        if anomalies.data_missing:
            lines.append(f"split {split}: no examples")
        for feature, info in sorted(anomalies.anomaly_info.items()):
            lines.append(f"split {split}, feature {feature}: {info.description}")
    return lines
