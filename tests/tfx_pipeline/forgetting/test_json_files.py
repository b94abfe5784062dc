"""Users out of JSON documents."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.forgetting.json_files import erase_in_document
from tfx_pipeline.forgetting.user import REDACTED, User

USER = User("12", "12", frozenset({"user_id", "customer"}))


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
