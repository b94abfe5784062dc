"""The documented columns are those of the code, and what cannot be written is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from serving.feedback.schema import CONTEXT_COLUMNS, OUTCOMES, SHOWN, SLOT_COLUMNS, TABLES, check_row

PAGE = Path(__file__).resolve().parents[3] / "docs" / "feedback.md"
ROW = {"request_id": "r", "item_id": "i", "event_type": "click", "timestamp": 5, "value": 1.0}


@pytest.mark.parametrize("table", TABLES)
def test_the_page_has_the_columns_in_order(table: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n### `{table}`")[2].partition("\n##")[0]
    documented = re.findall(r"^\| `(\w+)` \| `([\w<>]+)` \|", section, re.MULTILINE)
    types = {column.name: f"list<{column.kind}>" if column.is_list else column.kind for column in TABLES[table]}
    assert documented == list(types.items())


def test_the_groups_of_columns_are_columns() -> None:
    assert {*CONTEXT_COLUMNS, *SLOT_COLUMNS} <= {column.name for column in SHOWN}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("item_id", 5, "item_id: a text of valid Unicode is needed, got 5"),
        ("item_id", None, "item_id: a text of valid Unicode is needed, got None"),
        ("item_id", "\ud800", r"item_id: a text of valid Unicode is needed, got '\\ud800'"),
        ("timestamp", 1.5, "timestamp: a 64-bit integer is needed, got 1.5"),
        ("timestamp", 2**63, "timestamp: a 64-bit integer is needed, got 9223372036854775808"),
        ("value", "1", "value: a number is needed, got '1'"),
    ],
)
def test_a_value_of_another_type_is_refused(column: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        check_row(OUTCOMES, ROW | {column: value})


def test_numbers_of_numpy_are_numbers() -> None:
    check_row(OUTCOMES, ROW | {"timestamp": np.int64(5), "value": np.float32(2)})
