"""The schemas, as TensorFlow Data Validation applies them to examples."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder

from tfx_pipeline.components.contract_schema import ContractSchema, build_schema
from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.item_examples import build_item_examples, merge_price_sums
from tfx_pipeline.time_split import TimeSplit
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import ITEM_EXAMPLE, USER_EXAMPLE, Feature

BINARY, INT, FLOAT = pa.list_(pa.binary()), pa.list_(pa.int64()), pa.list_(pa.float32())

USERS = {
    "user_id": pa.array([[b"u"], [b"v"]], BINARY),
    "item_ids": pa.array([[b"a", b"b"], [b"a"]], BINARY),
    "event_types": pa.array([[b"buy", b"buy"], [b"view"]], BINARY),
    "timestamps": pa.array([[1, 2], [5]], INT),
    "baskets": pa.array([[0, 1], [0]], INT),
    "is_target": pa.array([[0, 1], [1]], INT),
}
ITEMS = {
    "item_id": pa.array([[b"a"], [b"b"]], BINARY),
    "title": pa.array([[b"Tea"], []], BINARY),
    "description": pa.array([[], []], BINARY),
    "category": pa.array([[], []], BINARY),
    "brand": pa.array([[], []], BINARY),
    "price": pa.array([[0.0], []], FLOAT),
}


def anomalies(columns: dict[str, pa.Array], features: tuple[Feature, ...]) -> dict[str, str]:
    """Descriptions by feature, of examples that went through tf.Example as in the pipeline."""
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    serialized = example_coder.RecordBatchToExamplesEncoder().encode(batch)
    decoded = example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(serialized)
    statistics = generate_statistics_in_memory(decoded, tfdv.StatsOptions())
    found = tfdv.validate_statistics(statistics, build_schema(features))
    return {name: info.description for name, info in found.anomaly_info.items()}


def test_good_examples_have_no_anomaly() -> None:
    assert anomalies(USERS, USER_EXAMPLE) == {}
    assert anomalies(ITEMS, ITEM_EXAMPLE) == {}


def test_what_the_builders_make_has_no_anomaly() -> None:
    events = pa.table(
        {
            "user_id": ["u", "v", "u", "u", "v"],
            "item_id": ["a", "b", "a", "b", "a"],
            "event_type": ["buy"] * 5,
            "timestamp": [1, 2, 5, 15, 25],
            "row": [0, 1, 2, 3, 4],
        }
    )
    for batch in build_user_examples(events, TimeSplit(10, 20, 30), HistoryConfig()).values():
        assert batch.num_rows
        assert anomalies(dict(zip(batch.schema.names, batch.columns, strict=True)), USER_EXAMPLE) == {}


def test_a_shop_that_knows_only_the_ids_of_its_items_is_fine() -> None:
    texts = {name: ["", ""] for name in ("title", "description", "category", "brand")}
    items = pa.table({"item_id": ["a", "b"], **texts, "price": [float("nan")] * 2})
    batch = build_item_examples(items, merge_price_sums([]))
    assert anomalies(dict(zip(batch.schema.names, batch.columns, strict=True)), ITEM_EXAMPLE) == {}


TOO_MANY = "Some examples have more values than expected."
GONE = "Column is completely missing"


@pytest.mark.parametrize(
    ("feature", "values", "description"),
    [
        ("item_id", pa.array([[b"a"], []], BINARY), "Some examples have fewer values than expected."),
        ("item_id", None, GONE),
        ("item_id", pa.array([[b"a"], [b"b", b"c"]], BINARY), TOO_MANY),
        ("title", pa.array([[b"Tea", b"Green"], []], BINARY), TOO_MANY),
        ("title", pa.array([[1], [2]], INT), "Expected data of type: BYTES but got INT"),
        ("price", pa.array([[-0.5], []], FLOAT), "Unexpectedly low values: -0.5<0(upto six significant digits)"),
        ("price", pa.array([[1], [2]], INT), "Expected data of type: FLOAT but got INT"),
        ("price", None, GONE),
        ("colour", pa.array([[b"red"], []], BINARY), "New column (column in data but not in schema)"),
    ],
)
def test_bad_items_are_flagged(feature: str, values: pa.Array | None, description: str) -> None:
    assert anomalies(changed(ITEMS, feature, values), ITEM_EXAMPLE) == {feature: description}


@pytest.mark.parametrize(
    ("feature", "values", "description"),
    [
        ("user_id", pa.array([[b"u"], []], BINARY), "Some examples have fewer values than expected."),
        ("user_id", pa.array([[b"u", b"v"], [b"u"]], BINARY), TOO_MANY),
        ("item_ids", pa.array([[b"a"], []], BINARY), "Some examples have fewer values than expected."),
        ("timestamps", pa.array([[1.5], [2.5]], FLOAT), "Expected data of type: INT but got FLOAT"),
        ("is_target", pa.array([[0, -1], [1]], INT), "Unexpectedly small value: -1."),
        ("baskets", None, GONE),
    ],
)
def test_bad_users_are_flagged(feature: str, values: pa.Array | None, description: str) -> None:
    assert anomalies(changed(USERS, feature, values), USER_EXAMPLE) == {feature: description}


def test_an_empty_split_is_flagged() -> None:
    nothing = pa.RecordBatch.from_arrays([pa.array([], column.type) for column in ITEMS.values()], list(ITEMS))
    statistics = generate_statistics_in_memory(nothing, tfdv.StatsOptions())
    assert tfdv.validate_statistics(statistics, build_schema(ITEM_EXAMPLE)).data_missing


def changed(columns: dict[str, pa.Array], feature: str, values: pa.Array | None) -> dict[str, pa.Array]:
    """The columns with other values for one; None takes it away."""
    kept = {name: column for name, column in columns.items() if name != feature}
    return kept if values is None else {**kept, feature: values}


def test_the_component_writes_three_schemas(make_artifact: Any) -> None:
    written = {name: make_artifact(standard_artifacts.Schema, exists=False) for name in ("users", "items", "union")}
    ContractSchema.test_call(version="1", **written)
    read = {name: tfdv.load_schema_text(str(Path(artifact.uri) / "schema.pbtxt")) for name, artifact in written.items()}
    assert read == {
        "users": build_schema(USER_EXAMPLE),
        "items": build_schema(ITEM_EXAMPLE),
        "union": build_schema(USER_EXAMPLE + ITEM_EXAMPLE),
    }
    assert [path.name for path in Path(written["union"].uri).iterdir()] == ["schema.pbtxt"]


def test_every_feature_is_parsed_as_a_list_of_any_length() -> None:
    spec = tft.tf_metadata.schema_utils.schema_as_feature_spec(build_schema(USER_EXAMPLE + ITEM_EXAMPLE)).feature_spec
    dtypes = {"string": "string", "int": "int64", "float": "float32"}
    assert {name: (type(entry).__name__, entry.dtype.name) for name, entry in spec.items()} == {
        feature.name: ("VarLenFeature", dtypes[feature.kind]) for feature in USER_EXAMPLE + ITEM_EXAMPLE
    }
