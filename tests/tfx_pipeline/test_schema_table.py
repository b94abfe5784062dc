"""How a schema looks."""

import pytest
from google.protobuf import text_format
from rich.console import Console
from tensorflow_metadata.proto.v0 import schema_pb2

from tfx_pipeline.schema_table import domain, presence, schema_table


def feature(text: str) -> schema_pb2.Feature:
    return text_format.Parse(text, schema_pb2.Feature())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("value_count { min: 1 max: 1 }", "one value"),
        ("value_count { max: 1 } presence { min_fraction: 1 }", "at most one value"),
        ("value_count { min: 1 }", "one value or more"),
        ("presence { min_count: 1 }", "any number of values"),
        (
            "value_count { min: 1 max: 1 } presence { min_fraction: 0.8 }",
            "one value, in at least 80% of the examples",
        ),
    ],
)
def test_presence(text: str, expected: str) -> None:
    assert presence(feature(text)) == expected


MANY = [f"v{number}" for number in range(14)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "–"),
        ("domain: 'channels'", "(empty), app"),
        ("domain: 'many'", ", ".join(MANY[:12]) + " and 2 more"),
        ("string_domain { value: 'x' value: 'y' }", "x, y"),
        ("int_domain { min: 0 }", "from 0"),
        ("float_domain { min: 0.5 max: 2 }", "from 0.5 to 2"),
        ("float_domain { name: 'free' }", "–"),
        ("url_domain { }", "url"),
    ],
)
def test_domain(text: str, expected: str) -> None:
    assert domain(feature(text), {"channels": ["", "app"], "many": MANY}) == expected


def test_the_table_takes_names_as_they_are() -> None:
    schema = schema_pb2.Schema()
    schema.feature.add(name="event_[b]", type=schema_pb2.FLOAT)
    schema.feature.add(name="item_seen", type=schema_pb2.INT)
    schema.feature.add(name="odd", type=schema_pb2.STRUCT)
    console = Console(width=120)
    with console.capture() as capture:
        console.print(schema_table("Users [x]", schema))
    lines = capture.get().splitlines()
    assert lines[0].strip() == "Users [x]"
    cells = [[cell.strip() for cell in line.split("│")[1:3]] for line in lines if "│" in line]
    assert cells == [["event_[b]", "number"], ["item_seen", "whole number"], ["odd", "STRUCT"]]
