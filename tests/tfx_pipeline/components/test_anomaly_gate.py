"""The gate behind TFX's own StatisticsGen and ExampleValidator."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator.executor import Executor as ExampleValidatorExecutor
from tfx.components.statistics_gen.executor import Executor as StatisticsGenExecutor
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components.anomaly_gate import (
    ANOMALIES_FILE,
    Anomaly,
    AnomalyGate,
    load_anomalies,
    read_anomalies,
)
from tfx_pipeline.components.artifacts import AnomalyList
from tfx_pipeline.components.contract_schema import ContractSchema
from tfx_pipeline.sources.errors import DataError

MakeArtifact = Callable[..., Any]
BEAM = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"]

USER = {
    "user_id": [b"u"],
    "item_ids": [b"a", b"b"],
    "event_types": [b"buy", b"buy"],
    "timestamps": [1, 2],
    "baskets": [0, 1],
    "is_target": [0, 1],
}
ITEM = {
    "item_id": [b"a"],
    "title": [b"Tea"],
    "description": [b"-"],
    "category": [b"-"],
    "brand": [b"-"],
    "price": [1.0],
}
SPLITS = {
    "train": [USER, USER],
    "catalogue": [ITEM, ITEM],
    "bad": [{**ITEM, "price": [-2.0], "title": [b"Tea", b"Green"]}],
    "empty": [],
}


def example(values: dict[str, list[Any]]) -> bytes:
    features = {}
    for name, entries in values.items():
        kind, field = {bytes: (tf.train.BytesList, "bytes_list"), int: (tf.train.Int64List, "int64_list")}.get(
            type(entries[0]), (tf.train.FloatList, "float_list")
        )
        features[name] = tf.train.Feature(**{field: kind(value=entries)})
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture(scope="module")
def statistics(make_artifact: MakeArtifact, tmp_path_factory: pytest.TempPathFactory) -> Any:
    examples, statistics = (
        make_artifact(kind) for kind in (standard_artifacts.Examples, standard_artifacts.ExampleStatistics)
    )
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    for name, rows in SPLITS.items():
        folder = Path(examples.uri, f"Split-{name}")
        folder.mkdir()
        with tf.io.TFRecordWriter(str(folder / "data_tfrecord-00000-of-00001.gz"), options="GZIP") as writer:
            for row in rows:
                writer.write(example(row))
    context = StatisticsGenExecutor.Context(beam_pipeline_args=BEAM, tmp_dir=str(tmp_path_factory.mktemp("beam")))
    StatisticsGenExecutor(context).Do({"examples": [examples]}, {"statistics": [statistics]}, {})
    return statistics


@pytest.fixture(scope="module")
def schemas(make_artifact: MakeArtifact) -> dict[str, Any]:
    written = {name: make_artifact(standard_artifacts.Schema) for name in ("users", "items", "union")}
    ContractSchema.test_call(own_columns='{"events": {}, "items": {}}', frozen="", version="1", **written)
    return written


@pytest.fixture
def validate(statistics: Any, schemas: dict[str, Any], make_artifact: MakeArtifact) -> Callable[..., Any]:
    """The anomalies of some splits under one of the schemas."""

    def run(schema: str, *splits: str) -> Any:
        anomalies = make_artifact(standard_artifacts.ExampleAnomalies)
        excluded = json.dumps([name for name in SPLITS if name not in splits])
        ExampleValidatorExecutor().Do(
            {"statistics": [statistics], "schema": [schemas[schema]]},
            {"anomalies": [anomalies]},
            {"exclude_splits": excluded},
        )
        return anomalies

    return run


@pytest.fixture
def gate(make_artifact: MakeArtifact) -> Callable[..., Path]:
    """Runs the gate, and gives the file with what it found."""

    def run(users: Any, items: Any, record: Path | str = "") -> Path:
        found = make_artifact(AnomalyList)
        AnomalyGate.test_call(users=users, items=items, version="1", anomalies=found, record=str(record))
        return Path(found.uri) / ANOMALIES_FILE

    return run


def told(artifact: Any) -> list[str]:
    return [str(anomaly) for anomaly in read_anomalies(artifact)]


def test_sound_examples_pass(validate: Callable[..., Any], gate: Callable[..., Path], tmp_path: Path) -> None:
    users, items = validate("users", "train"), validate("items", "catalogue")
    assert told(users) == told(items) == []
    assert load_anomalies(gate(users, items, record=tmp_path / "record.json")) == ()
    assert list(tmp_path.iterdir()) == []


LOW = "Unexpectedly low values: -2<0(upto six significant digits)"
BAD = [
    f"split bad, feature price: {LOW}",
    "split bad, feature title: Some examples have more values than expected.",
]


def test_every_anomaly_is_told_with_its_split_and_feature(validate: Callable[..., Any]) -> None:
    assert told(validate("items", "catalogue", "bad")) == BAD
    assert told(validate("users", "train", "empty")) == ["split empty: no examples"]


def test_the_gate_stops_the_run_with_one_line(validate: Callable[..., Any], gate: Callable[..., Path]) -> None:
    users, items = validate("users", "train", "empty"), validate("items", "bad", "catalogue")
    with pytest.raises(DataError) as error:
        gate(users, items)
    assert str(error.value) == "the examples break the schema: " + "; ".join(["split empty: no examples", *BAD])
    assert "\n" not in str(error.value)


def test_what_stopped_the_run_is_left_in_both_files(
    validate: Callable[..., Any], make_artifact: MakeArtifact, tmp_path: Path
) -> None:
    found, record = make_artifact(AnomalyList), tmp_path / "new" / "anomalies.json"
    sides = {"users": validate("users", "train", "empty"), "items": validate("items", "bad")}
    with pytest.raises(DataError):
        AnomalyGate.test_call(**sides, version="1", anomalies=found, record=str(record))
    assert load_anomalies(record) == (
        Anomaly("empty", "", "ERROR", "no examples"),
        Anomaly("bad", "price", "ERROR", LOW),
        Anomaly("bad", "title", "ERROR", "Some examples have more values than expected."),
    )
    assert (Path(found.uri) / ANOMALIES_FILE).read_bytes() == record.read_bytes()


@pytest.mark.parametrize("broken", ["users", "items"])
def test_either_side_is_enough(validate: Callable[..., Any], gate: Callable[..., Path], broken: str) -> None:
    sides = {"users": validate("users", "train"), "items": validate("items", "catalogue")}
    sides[broken] = validate(broken, "empty")
    with pytest.raises(DataError, match=r"^the examples break the schema: split empty: no examples$"):
        gate(**sides)


def written(make_artifact: MakeArtifact, found: dict[str, anomalies_pb2.Anomalies]) -> Any:
    """An artifact with the anomalies of some splits, as ExampleValidator would leave it."""
    artifact = make_artifact(standard_artifacts.ExampleAnomalies)
    artifact.split_names = artifact_utils.encode_split_names(list(found))
    for split, anomalies in found.items():
        Path(artifact.uri, f"Split-{split}").mkdir()
        Path(artifact.uri, f"Split-{split}", "SchemaDiff.pb").write_bytes(anomalies.SerializeToString())
    return artifact


def test_features_are_told_in_alphabetical_order(make_artifact: MakeArtifact) -> None:
    found = anomalies_pb2.Anomalies()
    for feature in ("z", "y", "x"):
        found.anomaly_info[feature].description = f"wrong {feature}"
    assert told(written(make_artifact, {"b": found, "a": found})) == [
        f"split {split}, feature {feature}: wrong {feature}" for split in "ba" for feature in "xyz"
    ]


def test_what_is_wrong_with_a_whole_split_is_told(make_artifact: MakeArtifact, gate: Callable[..., Path]) -> None:
    found = anomalies_pb2.Anomalies()
    found.dataset_anomaly_info.description = "Dataset has too few\nexamples."
    found.dataset_anomaly_info.severity = anomalies_pb2.AnomalyInfo.WARNING
    users = written(make_artifact, {"train": found})
    assert list(read_anomalies(users)) == [Anomaly("train", "", "WARNING", "Dataset has too few examples.")]
    with pytest.raises(DataError, match=r"schema: split train: Dataset has too few examples\.$"):
        gate(users, written(make_artifact, {}))
