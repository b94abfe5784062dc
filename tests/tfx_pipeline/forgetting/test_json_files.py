"""Users out of JSON logs and documents."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.forgetting.json_files import erase_in_document, erase_lines
from tfx_pipeline.forgetting.user import REDACTED, User

USER = User("12", "12", frozenset({"user_id", "customer"}))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"user_id": "12", "shown": ["i1"]}', True),
        ('{"user_id": 12}', True),
        ('{"customer": "12"}', True),
        ('{"request": {"user_id": "12"}}', True),
        ('{"user_ids": ["7", "12"]}', True),
        ('{"user_id": "12", "shown', True),
        ('{"user_id": "121", "item_id": "12", "shown": ["12"], "n": 12}', False),
        ('{"user_id": true, "users": 12}', False),
        ('{"user_id": "7", "shown', False),
        ("", False),
    ],
)
def test_lines(tmp_path: Path, line: str, named: bool) -> None:
    path = tmp_path / "shown.jsonl"
    kept = '{"user_id": "7"}\n'
    path.write_text(f"{kept}{line}\n{kept}")
    assert erase_lines(path, USER) == int(named)
    assert path.read_text() == (kept + kept if named else f"{kept}{line}\n{kept}")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"user_id": "12", "item_id": "12"}, {"user_id": REDACTED, "item_id": "12"}),
        ([{"user_ids": ["12", "7"]}], [{"user_ids": [REDACTED, "7"]}]),
        ({"first": "split train, user 12, item 12"}, {"first": f"split train, user {REDACTED}, item 12"}),
        ({"users": 12, "customer": 12, "n": [12, 0.12, None, True]}, None),
    ],
)
def test_documents(tmp_path: Path, document: Any, expected: Any) -> None:
    path = tmp_path / "found.json"
    path.write_text(json.dumps(document))
    before = path.read_bytes()
    assert erase_in_document(path, USER) == int(expected is not None)
    assert json.loads(path.read_text()) == (document if expected is None else expected)
    if expected is None:
        assert path.read_bytes() == before
