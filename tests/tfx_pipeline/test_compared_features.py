"""What is compared of the events."""

from datetime import datetime, timezone

import pyarrow as pa
import pytest

from tfx_pipeline.compared_features import compared_features

NAN = float("nan")
MOMENTS = [datetime(2024, 2, 29, 23, 59, 59), datetime(2024, 3, 1), datetime(1970, 1, 1), datetime(2023, 12, 31, 5)]
EVENTS = pa.table(
    {
        "user_id": ["u"] * 4,
        "item_id": ["a", "b", "c", "gone"],
        "event_type": ["view", "buy", "buy", "buy"],
        "timestamp": [int(moment.replace(tzinfo=timezone.utc).timestamp()) for moment in MOMENTS],
        "price": [1.5, NAN, 2.0, NAN],
        "channel": ["app", "", "web", "app"],
        "margin": [NAN, 0.5, 0.25, NAN],
        "span": [1, 1, 2, 2],
        "returned_at": [0, 0, 0, 0],
    }
)
ITEMS = pa.table(
    {
        "item_id": ["b", "a", "c"],
        "category": ["food > bread > toast", "food", ""],
        "brand": ["Baker", "", "Miller"],
    }
)
EXPECTED = {
    "event_type": ["view", "buy", "buy", "buy"],
    "item_id": ["a", "b", "c", "gone"],
    "category": ["food", "food", "", ""],
    "brand": ["", "Baker", "Miller", ""],
    "price": [1.5, NAN, 2.0, NAN],
    "price_known": ["yes", "no", "yes", "no"],
    "hour": ["23", "00", "00", "05"],
    "weekday": ["Thursday", "Friday", "Thursday", "Sunday"],
    "event_channel": ["app", "", "web", "app"],
    "event_margin": [NAN, 0.5, 0.25, NAN],
    "event_margin_known": ["no", "yes", "yes", "no"],
}


def test_the_features_of_the_contract_and_the_own_columns() -> None:
    features = compared_features(EVENTS.schema)
    made = {
        feature.name: feature.make(EVENTS[feature.column].combine_chunks(), ITEMS).to_pylist()
        for feature in features
        if feature.column in EVENTS.column_names
    }
    assert repr(made) == repr(EXPECTED)
    assert [feature.name for feature in features if feature.name not in made] == ["quantity", "quantity_known"]


def test_every_feature_tells_the_type_of_its_column_and_of_its_values() -> None:
    for feature in compared_features(EVENTS.schema):
        if feature.column in EVENTS.column_names:
            column = EVENTS[feature.column].combine_chunks()
            assert column.type == feature.type
            assert feature.make(column, ITEMS).type == (pa.string() if feature.kind == "text" else pa.float64())


@pytest.mark.parametrize("events", [EVENTS.slice(0, 0), EVENTS.slice(0, 1)])
def test_few_events_and_no_items_are_fine(events: pa.Table) -> None:
    for feature in compared_features(events.schema):
        if feature.column in events.column_names:
            made = feature.make(events[feature.column].combine_chunks(), ITEMS.slice(0, 0))
            assert len(made) == len(events) and made.null_count == 0
