"""Proposing and freezing a schema from the statistics of a run, and what the frozen schema then catches."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tfx_pipeline import run_records
from tfx_pipeline.components.contract_schema import build_schema, example_features
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_records import StageRecord
from tfx_pipeline.schema import accept_schema, propose_schema, schema_verb
from trainer.features import ITEM_EXAMPLE, USER_EXAMPLE

BINARY, INT, FLOAT = pa.list_(pa.binary()), pa.list_(pa.int64()), pa.list_(pa.float32())
Columns = dict[str, pa.Array]
FEATURES = example_features(
    '{"events": {"channel": "text", "note": "text", "margin": "number"}, '
    '"items": {"colour": "text", "weight": "number"}}'
)


def users(channels: list[bytes]) -> Columns:
    """One example a channel."""
    one = [[1]] * len(channels)
    return {
        "user_id": pa.array([[b"u"]] * len(channels), BINARY),
        "item_ids": pa.array([[b"a"]] * len(channels), BINARY),
        "event_types": pa.array([[b"buy"]] * len(channels), BINARY),
        **{name: pa.array(one, INT) for name in ("timestamps", "baskets", "is_target")},
        "event_channel": pa.array([[channel] for channel in channels], BINARY),
        "event_note": pa.array([[b"note %d" % number for number in range(150)]] * len(channels), BINARY),
        "event_margin": pa.array([[0.5, float("nan")]] * len(channels), FLOAT),
    }


def items(colours: list[list[bytes]]) -> Columns:
    """One item a colour, which may be missing; nobody knows a weight."""
    ids = [[b"i%d" % number] for number in range(len(colours))]
    texts = ("title", "description", "category", "brand")
    return {
        "item_id": pa.array(ids, BINARY),
        **{name: pa.array(ids, BINARY) for name in texts},
        "price": pa.array([[1.0]] * len(colours), FLOAT),
        "item_colour": pa.array(colours, BINARY),
        "item_weight": pa.array([[]] * len(colours), FLOAT),
    }


def statistics(columns: Columns) -> statistics_pb2.DatasetFeatureStatisticsList:
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    return generate_statistics_in_memory(batch, tfdv.StatsOptions())


def anomalies(columns: Columns, schema: Path) -> dict[str, str]:
    found = tfdv.validate_statistics(statistics(columns), tfdv.load_schema_text(str(schema)))
    return {name: info.description for name, info in found.anomaly_info.items()}


def stage(name: str, **outputs: Path) -> StageRecord:
    return StageRecord(name, 1.0, False, outputs, {})


@pytest.fixture
def last_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A run directory whose last run had these schemas, and these examples in its splits."""

    def make(
        splits: dict[str, Columns],
        user_schema: schema_pb2.Schema | None = None,
        item_schema: schema_pb2.Schema | None = None,
    ) -> Path:
        schemas = {"users": user_schema or build_schema(FEATURES.users)}
        schemas["items"] = item_schema or build_schema(FEATURES.items)
        for name, schema in schemas.items():
            (tmp_path / name).mkdir(exist_ok=True)
            tfdv.write_schema_text(schema, str(tmp_path / name / "schema.pbtxt"))
        folder = tmp_path / "statistics"
        for name, columns in splits.items():
            (folder / f"Split-{name}").mkdir(parents=True, exist_ok=True)
            (folder / f"Split-{name}" / "FeatureStats.pb").write_bytes(statistics(columns).SerializeToString())
        run_dir = tmp_path / "run"
        (run_dir / "tfx").mkdir(parents=True, exist_ok=True)
        (run_dir / "tfx" / "metadata.db").touch()
        records = [
            stage("ContractSchema", **{name: tmp_path / name for name in schemas}),
            stage("StatisticsGen", statistics=folder),
        ]
        monkeypatch.setattr(run_records, "last_run", lambda database: {each.name: each for each in records})
        return run_dir

    return make


SPLITS = {
    "train": users([b"app", b"app", b""]),
    "eval": users([b"web"]),
    "catalogue": items([[b"red"], [], [b"blue"]]),
}


def entries(schema: schema_pb2.Schema) -> dict[str, schema_pb2.Feature]:
    return {entry.name: entry for entry in schema.feature}


def domains(schema: schema_pb2.Schema) -> dict[str, set[str]]:
    values = {domain.name: set(domain.value) for domain in schema.string_domain}
    return {entry.name: values[entry.domain] for entry in schema.feature if entry.domain}


def test_the_contract_stays_and_own_columns_are_inferred(last_run: Callable[..., Path]) -> None:
    proposed = propose_schema(last_run(SPLITS))
    assert [entry.name for entry in proposed.users.feature] == [feature.name for feature in FEATURES.users]
    assert list(proposed.users.feature)[: len(USER_EXAMPLE)] == list(build_schema(USER_EXAMPLE).feature)
    assert list(proposed.items.feature)[: len(ITEM_EXAMPLE)] == list(build_schema(ITEM_EXAMPLE).feature)
    # A note has 150 values, which is no domain; all splits count.
    assert domains(proposed.users) == {"event_channel": {"app", "", "web"}}
    assert domains(proposed.items) == {"item_colour": {"red", "blue"}}


def test_presence_is_what_the_examples_have(last_run: Callable[..., Path]) -> None:
    proposed = propose_schema(last_run(SPLITS))
    channel, colour = entries(proposed.users)["event_channel"], entries(proposed.items)["item_colour"]
    assert (channel.presence.min_fraction, channel.value_count.min) == (1.0, 1)
    assert (colour.value_count.min, colour.value_count.max) == (0, 1)
    # Without any value the statistics know no type.
    assert entries(proposed.items)["item_weight"].type == schema_pb2.FLOAT


def test_the_frozen_schema_passes_its_own_examples_and_catches_a_new_value(last_run: Callable[..., Path]) -> None:
    run_dir = last_run(SPLITS)
    user_file, item_file = accept_schema(run_dir)
    assert (user_file, item_file) == (run_dir / "schema" / "users.pbtxt", run_dir / "schema" / "items.pbtxt")
    for split, columns in SPLITS.items():
        assert anomalies(columns, item_file if split == "catalogue" else user_file) == {}
    assert anomalies(users([b"app", b"kiosk"]), user_file) == {
        "event_channel": "Examples contain values missing from the schema: kiosk (~50%). "
    }
    assert anomalies(items([[b"green"], [b"red"]]), item_file) == {
        "item_colour": "Examples contain values missing from the schema: green (~50%). "
    }


def test_accepting_again_widens_what_was_frozen(last_run: Callable[..., Path]) -> None:
    """The run that the new value stopped is the last one; what people changed by hand in the contract's part stays."""
    frozen = propose_schema(last_run(SPLITS)).users
    frozen.feature[0].annotation.tag.append("checked")
    run_dir = last_run({**SPLITS, "train": users([b"kiosk"]), "eval": users([b"app"])}, frozen)
    user_file, _ = accept_schema(run_dir)
    schema = tfdv.load_schema_text(str(user_file))
    assert domains(schema) == {"event_channel": {"app", "", "web", "kiosk"}}
    assert list(schema.feature[0].annotation.tag) == ["checked"]
    assert anomalies(users([b"kiosk", b"web"]), user_file) == {}


def test_own_columns_come_and_go(last_run: Callable[..., Path]) -> None:
    frozen = propose_schema(last_run(SPLITS))
    columns = {name: values for name, values in users([b"app"]).items() if name != "event_channel"}
    columns["event_shelf"] = pa.array([[b"top"]], BINARY)
    proposed = propose_schema(last_run({**SPLITS, "train": columns, "eval": columns}, frozen.users, frozen.items))
    assert domains(proposed.users) == {"event_shelf": {"top"}}
    assert domains(proposed.items) == domains(frozen.items)


def test_a_shop_without_own_columns_proposes_the_contract(last_run: Callable[..., Path]) -> None:
    plain = {
        name: {column: values for column, values in columns.items() if not column.startswith(("event_c", "event_n"))}
        for name, columns in SPLITS.items()
    }
    for columns in plain.values():
        for own in ("event_margin", "item_colour", "item_weight"):
            columns.pop(own, None)
    contract = build_schema(USER_EXAMPLE), build_schema(ITEM_EXAMPLE)
    proposed = propose_schema(last_run(plain, *contract))
    assert (proposed.users, proposed.items) == contract


def test_a_split_without_examples_adds_nothing(last_run: Callable[..., Path]) -> None:
    nothing = {name: values.slice(0, 0) for name, values in users([b"app"]).items()}
    assert propose_schema(last_run({**SPLITS, "ranker": nothing})) == propose_schema(last_run(SPLITS))


@pytest.mark.parametrize("accept", [False, True])
def test_the_verb_prints_the_schema(
    last_run: Callable[..., Path], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, accept: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run_dir = last_run(SPLITS)
    schema_verb(run_dir, accept)
    printed = capfd.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    assert ["user_id", "text", "one value", "–"] in rows
    assert ["event_channel", "text", "one value or more", "(empty), app, web"] in rows
    assert ["item_weight", "number", "at most one value", "–"] in rows
    assert (f"Frozen: {run_dir / 'schema' / 'users.pbtxt'}" in printed) == accept
    assert ("`shoprank schema --accept` freezes it" in printed) != accept
    assert (run_dir / "schema").exists() == accept


def test_no_run_yet(tmp_path: Path) -> None:
    call: Callable[..., Any]
    for call in (propose_schema, accept_schema, lambda run_dir: schema_verb(run_dir, accept=True)):
        with pytest.raises(PipelineError) as error:
            call(tmp_path)
        assert str(error.value) == f"{tmp_path}: no run here yet; the schema is taken from the examples of a run"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("finished", "missing"), [(["ContractSchema"], "StatisticsGen"), (["Ingest"], "ContractSchema")]
)
def test_a_run_that_stopped_early(
    last_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, finished: list[str], missing: str
) -> None:
    run_dir = last_run(SPLITS)
    monkeypatch.setattr(run_records, "last_run", lambda database: {name: stage(name) for name in finished})
    with pytest.raises(PipelineError) as error:
        propose_schema(run_dir)
    assert str(error.value) == f"{run_dir}: the last run did not finish {missing}, so it has no schema to propose"
