"""Drift between spans, and skew against a serving log, of small tables."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.components.artifacts import DistributionComparison, ShopTables
from tfx_pipeline.components.distribution_comparator import DistributionComparator, compare_events
from tfx_pipeline.distribution_comparison import COMPARISON_FILE, Comparison, NotMeasured, Side, load_comparison
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.report import REPORT_FILE, IngestReport, TableReport
from tfx_pipeline.table_config import TableConfig
from tfx_pipeline.validation_config import ValidationConfig

MakeTables = Callable[..., Any]
DAY = 86_400
LOG = TableConfig(path="log.csv").model_dump_json()
NO_LOG = "Skew was not measured: no serving log is configured."


def events(rows: int, price: float, span: int | None = None, **more: Any) -> pa.Table:
    """Half views of `a` and half purchases of `b`, an hour apart, at a price; a text for every row in `more`."""
    columns = {
        "user_id": ["u"] * rows,
        "item_id": ["a", "b"] * (rows // 2),
        "event_type": ["view", "buy"] * (rows // 2),
        "timestamp": pa.array([3600 * row for row in range(rows)], pa.int64()),
        "price": [price, 2 * price] * (rows // 2),
        **{name: [value] * rows for name, value in more.items()},
    }
    return pa.table(columns if span is None else {**columns, "span": pa.array([span] * rows, pa.int64())})


@pytest.fixture
def tables(make_artifact: Callable[..., Any]) -> MakeTables:
    """Tables as ingestion leaves them, with the events in two files."""

    def make(table: pa.Table, log: pa.Table | None = None, time: str = "clock") -> Any:
        artifact = make_artifact(ShopTables)
        folder = Path(artifact.uri)
        (folder / "events").mkdir()
        half = len(table) // 2
        for number, part in enumerate((table.slice(0, half), table.slice(half))):
            pq.write_table(part, folder / "events" / f"part-{number:05d}-of-00002.parquet")
        items = {"item_id": ["a", "b"], "title": ["A", "B"], "category": ["food > bread", ""], "brand": ["", ""]}
        pq.write_table(pa.table(items), folder / "items.parquet")
        if log is not None:
            pq.write_table(log, folder / "serving_log.parquet")
        report = IngestReport(TableReport(), TableReport(), time=time)
        (folder / REPORT_FILE).write_text(report.to_json())
        return artifact

    return make


def compared(tables: Any, log_name: str = "", **settings: Any) -> Comparison:
    return compare_events(Path(tables.uri), ValidationConfig(**settings), log_name)


def found(comparison: Comparison) -> dict[tuple[str, str], float]:
    return {(each.feature, each.measure): each.distance for each in comparison.distances}


def test_equal_spans_have_no_drift(tables: MakeTables) -> None:
    table = pa.concat_tables([events(480, 2.0, span) for span in (3, 7)])
    comparison = compared(tables(table))
    assert comparison.exceeded == ()
    assert set(found(comparison).values()) == {0.0}
    names = ["event_type", "item_id", "category", "price", "price_known", "hour", "weekday"]
    assert list(dict.fromkeys(each.feature for each in comparison.distances)) == names
    assert comparison.sides == (Side("drift", "span 3", 480, 480), Side("drift", "span 7", 480, 480))
    assert comparison.remarks == (NO_LOG,)
    lacking = "no column quantity of type double in span 3 and span 7"
    assert comparison.not_measured == (
        NotMeasured("drift", "brand", "L-infinity", "no values on either side"),
        NotMeasured("drift", "brand", "Jensen-Shannon divergence", "no values on either side"),
        NotMeasured("drift", "quantity", "Jensen-Shannon divergence", lacking),
        NotMeasured("drift", "quantity_known", "L-infinity", lacking),
        NotMeasured("drift", "quantity_known", "Jensen-Shannon divergence", lacking),
    )


def test_only_the_two_newest_spans_are_compared(tables: MakeTables) -> None:
    """The newest span, which lies first, has the prices of the oldest and not those of the one before."""
    table = pa.concat_tables([events(480, 20.0, 3), events(480, 2.0, 2), events(480, 20.0, 1)])
    comparison = compared(tables(table))
    assert found(comparison)["price", "Jensen-Shannon divergence"] == pytest.approx(1.0)
    assert [each.feature for each in comparison.exceeded] == ["price"]
    assert [side.name for side in comparison.sides] == ["span 2", "span 3"]


def test_a_price_that_vanishes_is_seen(tables: MakeTables) -> None:
    table = pa.concat_tables([events(480, 2.0, 1), events(480, float("nan"), 2)])
    comparison = compared(tables(table))
    assert found(comparison)["price_known", "L-infinity"] == 1.0
    assert NotMeasured("drift", "price", "Jensen-Shannon divergence", "no values after") in comparison.not_measured


@pytest.mark.parametrize(
    ("span", "remark"),
    [
        (None, "Drift was not measured: the events have no spans, so there is no previous one."),
        (5, "Drift was not measured: the events have one span, so there is no previous one."),
    ],
)
def test_without_a_previous_span_the_comparison_says_so(tables: MakeTables, span: int | None, remark: str) -> None:
    assert compared(tables(events(10, 2.0, span))) == Comparison(remarks=(remark, NO_LOG))


def test_skew_is_between_the_newest_span_and_the_serving_log(tables: MakeTables) -> None:
    table = pa.concat_tables([events(480, 20.0, 1, channel="app"), events(480, 2.0, 2, channel="app")])
    comparison = compared(tables(table, events(960, 2.0, channel="web")), "log.csv")
    skew = {(each.feature, each.measure): each for each in comparison.distances if each.kind == "skew"}
    assert {feature for (feature, _), each in skew.items() if each.exceeded} == {"event_channel"}
    assert skew["event_channel", "L-infinity"].distance == 1.0
    assert (skew["hour", "L-infinity"].rows_before, skew["hour", "L-infinity"].rows_after) == (480, 960)
    assert [(side.name, side.rows) for side in comparison.sides if side.kind == "skew"] == [
        ("span 2", 480),
        ("log.csv", 960),
    ]
    assert comparison.remarks == ()


def test_what_the_serving_log_lacks_is_told(tables: MakeTables) -> None:
    log = events(480, 2.0, channel=1.0).drop(["price"])
    comparison = compared(tables(events(480, 2.0, channel="app"), log), "log.csv")
    reasons = {each.feature: each.reason for each in comparison.not_measured}
    assert reasons["price"] == "no column price of type double in log.csv"
    assert reasons["event_channel"] == "no column channel of type string in log.csv"
    assert reasons["quantity"] == "no column quantity of type double in all events and log.csv"
    assert ("event_type", "L-infinity") in found(comparison)


@pytest.mark.parametrize("log", [None, events(0, 1.0)])
def test_a_serving_log_without_events_is_told(tables: MakeTables, log: pa.Table | None) -> None:
    remarks = compared(tables(events(10, 2.0), log), "log.csv").remarks
    assert remarks[1:] == ("Skew was not measured: log.csv has no events.",)


def test_an_order_is_no_time(tables: MakeTables) -> None:
    table = pa.concat_tables([events(480, 2.0, span) for span in (1, 2)])
    comparison = compared(tables(table, time="sequence"))
    reasons = {each.feature: each.reason for each in comparison.not_measured}
    assert reasons["hour"] == reasons["weekday"] == "no column timestamp of type int64 in span 1 and span 2"


def test_of_many_events_a_sample_is_compared(tables: MakeTables) -> None:
    table = pa.concat_tables([events(4000, 2.0, 1), events(400, 2.0, 2)])
    artifact = tables(table)
    runs = [compare_events(Path(artifact.uri), ValidationConfig(), "", max_rows=1000) for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0].sides == (Side("drift", "span 1", 4000, 1000), Side("drift", "span 2", 400, 400))
    assert 0 < found(runs[0])["event_type", "L-infinity"] < 0.1


@pytest.fixture
def run(make_artifact: Callable[..., Any]) -> Callable[..., Comparison]:
    """Runs the component, and gives what it wrote."""

    def run_component(tables: Any, settings: ValidationConfig, log: str = "", record: Path | str = "") -> Comparison:
        output = make_artifact(DistributionComparison)
        DistributionComparator.test_call(
            tables=tables,
            settings=settings.model_dump_json(),
            serving_log=log,
            version="1",
            comparison=output,
            record=str(record),
        )
        assert [path.name for path in Path(output.uri).iterdir()] == [COMPARISON_FILE]
        return load_comparison(Path(output.uri) / COMPARISON_FILE)

    return run_component


SHIFTED = pa.concat_tables([events(480, 2.0, 1), events(480, 20.0, 2)])
MESSAGE = "the events differ too much: drift of price: Jensen-Shannon divergence 1.0000 is above 0.3"


def test_by_default_drift_is_told_and_the_run_goes_on(
    tables: MakeTables, run: Callable[..., Comparison], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    comparison = run(tables(SHIFTED), ValidationConfig(), record=tmp_path / "record.json")
    assert [each.feature for each in comparison.exceeded] == ["price"]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [MESSAGE]
    assert list(tmp_path.iterdir()) == []


def test_drift_can_stop_the_run(tables: MakeTables, run: Callable[..., Comparison], tmp_path: Path) -> None:
    stop = ValidationConfig(on_exceeded="stop")
    with pytest.raises(DataError) as error:
        run(tables(SHIFTED), stop, record=tmp_path / "record.json")
    assert str(error.value) == MESSAGE
    assert load_comparison(tmp_path / "record.json").exceeded[0].distance == pytest.approx(1.0)
    assert run(tables(SHIFTED), stop.model_copy(update={"thresholds": {"price": 1.0}})).exceeded == ()


def test_skew_can_stop_the_run(tables: MakeTables, run: Callable[..., Comparison]) -> None:
    with pytest.raises(
        DataError, match=r"^the events differ too much: skew of price: Jensen-Shannon divergence 1\.0000"
    ):
        run(tables(events(480, 2.0), events(480, 9.0)), ValidationConfig(on_exceeded="stop"), LOG)


def test_a_threshold_of_no_feature_is_an_error(tables: MakeTables, run: Callable[..., Comparison]) -> None:
    with pytest.raises(
        DataError, match=r"^validation\.thresholds: no feature 'colour' is compared; there are event_type,"
    ):
        run(tables(SHIFTED), ValidationConfig(thresholds={"colour": 0.1}))


def test_the_file_is_plain_json(tables: MakeTables, run: Callable[..., Comparison], tmp_path: Path) -> None:
    with pytest.raises(DataError):
        run(tables(SHIFTED), ValidationConfig(on_exceeded="stop"), record=tmp_path / "record.json")
    document = json.loads((tmp_path / "record.json").read_text())
    assert set(document) == {"distances", "not_measured", "sides", "remarks"}
