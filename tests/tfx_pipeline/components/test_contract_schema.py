"""The schemas, as TensorFlow Data Validation applies them to examples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tfx.types import standard_artifacts
from tfx_bsl.coders import example_coder

from tfx_pipeline.components.contract_schema import ContractSchema, build_schema, example_features
from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.frozen_schema import freeze
from tfx_pipeline.item_examples import build_item_examples, merge_price_sums
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split import Split
from tfx_pipeline.timeline import Timeline
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


NO_COLUMNS = '{"events": {}, "items": {}}'
OWN_COLUMNS = '{"events": {"channel": "text", "margin": "number"}, "items": {"colour": "text", "weight": "number"}}'
OWN_OF_EVENTS = (Feature("event_channel", "string", single=False), Feature("event_margin", "float", single=False))
OWN_OF_ITEMS = (Feature("item_colour", "string", required=False), Feature("item_weight", "float", required=False))


def encode(columns: dict[str, pa.Array]) -> list[bytes]:
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    return example_coder.RecordBatchToExamplesEncoder().encode(batch)


def anomalies(columns: dict[str, pa.Array], features: tuple[Feature, ...]) -> dict[str, str]:
    """Descriptions by feature, of examples that went through tf.Example as in the pipeline."""
    return anomalies_of(encode(columns), features)


def anomalies_of(serialized: list[bytes], features: tuple[Feature, ...]) -> dict[str, str]:
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
            "user_id": ["u", "u", "u", "v", "v"],
            "item_id": ["a", "a", "b", "b", "a"],
            "event_type": ["buy"] * 5,
            "timestamp": [1, 5, 15, 2, 25],
            "channel": ["app", "", "web", "", ""],
            "margin": [1.5, float("nan"), 2.0, float("nan"), float("nan")],
        }
    )
    timeline = Timeline.of(events, Split("time", 10, 20, 30))
    for examples in build_user_examples(events, timeline, HistoryConfig()).values():
        serialized = list(examples)
        assert serialized
        assert anomalies_of(serialized, example_features(OWN_COLUMNS).users) == {}


def test_a_shop_that_knows_only_the_ids_of_its_items_is_fine() -> None:
    texts = {name: ["", ""] for name in ("title", "description", "category", "brand")}
    own = {"colour": ["", "red"], "weight": [float("nan")] * 2}
    items = pa.table({"item_id": ["a", "b"], **texts, "price": [float("nan")] * 2, **own})
    batch = build_item_examples(items, merge_price_sums([]))
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    assert anomalies(columns, example_features(OWN_COLUMNS).items) == {}


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


@pytest.fixture
def written(make_artifact: Any) -> Callable[..., dict[str, Any]]:
    """Runs the component, and gives the schemas that it wrote."""

    def run(own_columns: str = NO_COLUMNS, frozen: Path | str = "") -> dict[str, Any]:
        names = ("users", "items", "union")
        artifacts = {name: make_artifact(standard_artifacts.Schema, exists=False) for name in names}
        ContractSchema.test_call(own_columns=own_columns, frozen=str(frozen), version="1", **artifacts)
        assert [path.name for path in Path(artifacts["union"].uri).iterdir()] == ["schema.pbtxt"]
        return {name: tfdv.load_schema_text(f"{artifact.uri}/schema.pbtxt") for name, artifact in artifacts.items()}

    return run


def test_the_component_writes_three_schemas(written: Callable[..., dict[str, Any]]) -> None:
    assert written() == {
        "users": build_schema(USER_EXAMPLE),
        "items": build_schema(ITEM_EXAMPLE),
        "union": build_schema(USER_EXAMPLE + ITEM_EXAMPLE),
    }


def test_own_columns_are_features_of_their_own(written: Callable[..., dict[str, Any]]) -> None:
    users, items = USER_EXAMPLE + OWN_OF_EVENTS, ITEM_EXAMPLE + OWN_OF_ITEMS
    assert written(OWN_COLUMNS) == {
        "users": build_schema(users),
        "items": build_schema(items),
        "union": build_schema(users + items),
    }


def test_examples_with_own_columns_have_no_anomaly() -> None:
    features = example_features(OWN_COLUMNS)
    channel, margin = pa.array([[b"app", b""], [b"web"]], BINARY), pa.array([[1.5, float("nan")], [2.0]], FLOAT)
    assert anomalies({**USERS, "event_channel": channel, "event_margin": margin}, features.users) == {}
    colour, weight = pa.array([[b"red"], []], BINARY), pa.array([[], []], FLOAT)
    assert anomalies({**ITEMS, "item_colour": colour, "item_weight": weight}, features.items) == {}
    assert anomalies({**USERS, "event_channel": channel}, features.users) == {"event_margin": GONE}


@pytest.mark.parametrize(
    ("own_columns", "column", "feature"),
    [
        ('{"events": {"types": "text"}, "items": {}}', "types", "event_types"),
        ('{"events": {}, "items": {"id": "text"}}', "id", "item_id"),
        ('{"events": {}, "items": {"ids": "number"}}', "ids", "item_ids"),
    ],
)
def test_an_own_column_cannot_take_the_name_of_another_feature(own_columns: str, column: str, feature: str) -> None:
    with pytest.raises(DataError) as error:
        example_features(own_columns)
    assert str(error.value) == (f"own column '{column}': the examples have a feature {feature}; give it another name")


def test_a_frozen_schema_takes_the_place_of_the_generated(
    written: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    users, items = build_schema(USER_EXAMPLE + OWN_OF_EVENTS), build_schema(ITEM_EXAMPLE)
    users.feature[-2].domain = "channels"
    users.string_domain.add(name="channels", value=["app", "web"])
    freeze(users, items, tmp_path)
    schemas = written(OWN_COLUMNS, tmp_path / "schema")
    assert (schemas["users"], schemas["items"]) == (users, items)
    assert schemas["union"] == build_schema(USER_EXAMPLE + OWN_OF_EVENTS + ITEM_EXAMPLE + OWN_OF_ITEMS)


FROZEN_ERRORS = {
    None: "the frozen schema cannot be read: No such file or directory",
    "feature { nam": "not a schema: 1:11 : ",
    b"\xff": "not a schema: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "": "the frozen schema lacks user_id, item_ids, event_types, timestamps, baskets, is_target, "
    "which the data contract has; add it, or delete ",
}


@pytest.mark.parametrize(("content", "error"), FROZEN_ERRORS.items())
def test_a_bad_frozen_schema_stops_the_run(
    written: Callable[..., dict[str, Any]], tmp_path: Path, content: str | bytes | None, error: str
) -> None:
    users, _ = freeze(build_schema(USER_EXAMPLE), build_schema(ITEM_EXAMPLE), tmp_path)
    users.unlink()
    if content is not None:
        users.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as raised:
        written(frozen=users.parent)
    assert str(raised.value).startswith(f"{users}: {error}")
    assert "\n" not in str(raised.value)


def test_every_feature_is_parsed_as_a_list_of_any_length() -> None:
    spec = tft.tf_metadata.schema_utils.schema_as_feature_spec(build_schema(USER_EXAMPLE + ITEM_EXAMPLE)).feature_spec
    dtypes = {"string": "string", "int": "int64", "float": "float32"}
    assert {name: (type(entry).__name__, entry.dtype.name) for name, entry in spec.items()} == {
        feature.name: ("VarLenFeature", dtypes[feature.kind]) for feature in USER_EXAMPLE + ITEM_EXAMPLE
    }
