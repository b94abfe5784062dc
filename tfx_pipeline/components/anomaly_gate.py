"""TFX component: stops the run when TensorFlow Data Validation found an anomaly, and writes all that it found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components.artifacts import AnomalyList
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.write_aside import write_aside

ANOMALIES_FILE = "anomalies.json"


@dataclass(frozen=True)
class Anomaly:
    """One thing that is wrong with the examples.

    Attributes:
        split: Name of the split.
        feature: Name of the feature; '' where the split as a whole is wrong.
        severity: `ERROR` or `WARNING`, as the schema has it.
        description: What is wrong.
    """

    split: str
    feature: str
    severity: str
    description: str

    def __str__(self) -> str:
        """The anomaly in a few words, as in `split train, feature price: Unexpectedly low values`."""
        place = f"split {self.split}, feature {self.feature}" if self.feature else f"split {self.split}"
        return f"{place}: {self.description}"


_LIST = TypeAdapter(tuple[Anomaly, ...])


@component
def AnomalyGate(
    users: InputArtifact[standard_artifacts.ExampleAnomalies],
    items: InputArtifact[standard_artifacts.ExampleAnomalies],
    version: Parameter[str],
    anomalies: OutputArtifact[AnomalyList],
    record: Parameter[str] = "",
) -> None:
    """Raise if any split has an anomaly.

    Args:
        users: Anomalies of the user examples.
        items: Anomalies of the catalogue.
        version: Hash of the code.
        anomalies: Where anomalies.json goes; of a run that goes on, its list is empty.
        record: File that gets the same list if the run stops, because TFX deletes the outputs of a stage that fails;
            '' for none.

    Raises:
        DataError: One line with every anomaly: split, feature and description.
    """
    del version
    found = [*read_anomalies(users), *read_anomalies(items)]
    write_anomalies(found, Path(anomalies.uri) / ANOMALIES_FILE)
    if found:
        if record:
            write_anomalies(found, Path(record))
        raise DataError("the examples break the schema: " + "; ".join(map(str, found)))


def write_anomalies(anomalies: Sequence[Anomaly], path: Path) -> None:
    """Write anomalies as JSON."""
    with write_aside(path) as aside:
        aside.write_bytes(_LIST.dump_json(tuple(anomalies), indent=2))


def load_anomalies(path: Path) -> tuple[Anomaly, ...]:
    """Read what `write_anomalies` wrote."""
    return _LIST.validate_json(path.read_bytes())


def read_anomalies(artifact: standard_artifacts.ExampleAnomalies) -> Iterator[Anomaly]:
    """Every anomaly that TensorFlow Data Validation wrote to an artifact, split by split, features by name."""
    for split in artifact_utils.decode_split_names(artifact.split_names):
        found = anomalies_pb2.Anomalies()
        found.ParseFromString((Path(artifact.uri) / f"Split-{split}" / "SchemaDiff.pb").read_bytes())
        if found.data_missing:
            yield Anomaly(split, "", "ERROR", "no examples")
        if found.HasField("dataset_anomaly_info"):
            yield _anomaly(split, "", found.dataset_anomaly_info)
        for feature, info in sorted(found.anomaly_info.items()):
            yield _anomaly(split, feature, info)


def _anomaly(split: str, feature: str, info: anomalies_pb2.AnomalyInfo) -> Anomaly:
    severity = anomalies_pb2.AnomalyInfo.Severity.Name(info.severity)
    return Anomaly(split, feature, severity, " ".join(info.description.split()))
