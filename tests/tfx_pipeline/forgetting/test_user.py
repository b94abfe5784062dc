"""What names a user in texts, and what only looks like it."""

from pathlib import Path

import pytest

from tfx_pipeline.forgetting.user import REDACTED, User, read_user
from tfx_pipeline.sources.forgotten_users import hash_of

COLUMNS = frozenset({"user_id", "household_id", "_id", "region + name"})
NUMBER, WORD = User("12", "12", COLUMNS), User("anna-b", "anna-b", COLUMNS)


@pytest.mark.parametrize(
    ("user", "before", "after"),
    [
        (NUMBER, "household_id: missing: '?', then '~'", None),
        (NUMBER, "user_id=~", None),
        (NUMBER, "{'user_id': b'~'}", None),
        (NUMBER, '{"user_id": ["~"]}', None),
        (NUMBER, "User ~ bought 3 of 12", None),
        (NUMBER, "What next for household ~?", None),
        (NUMBER, "region + name ~", None),
        (NUMBER, "row 4: wrong number of fields: '~,i1,view'", None),
        (NUMBER, "i1\t0\t12", "same"),
        (NUMBER, "i1;~;0", None),
        (NUMBER, "user 121, user 12-1, user 012, user x12", "same"),
        (NUMBER, "2026-11-12 12:12:12,123 INFO 12 items of 12", "same"),
        (NUMBER, "item_id 12, users 12, superuser 12, 12 users", "same"),
        (WORD, "~ came, ~'s basket (~)", None),
        (WORD, "anna-bc, xanna-b, anna-b-c, Anna-b, anna", "same"),
    ],
)
def test_redaction(user: User, before: str, after: str | None) -> None:
    text = before.replace("~", user.given_id)
    assert user.redact(text) == (text if after == "same" else before.replace("~", REDACTED))


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("12,i1,view", True),
        ("i1,12", True),
        ("i1::12::5", True),
        ("12", True),
        ('{"user": "12", "item"', True),
        ("[12, 3]", True),
        ("121,112,1 2,12-1,3.12", False),
        ("", False),
    ],
)
def test_fields_of_unreadable_rows(row: str, named: bool) -> None:
    assert NUMBER.is_field_of(row) is named


def test_both_names_of_a_hashed_user_are_known() -> None:
    user = User("anna", "0f3a")
    assert user.ids == {"anna", "0f3a"}
    assert user.redact("anna is 0f3a") == f"{REDACTED} is {REDACTED}"
    assert user.tombstone == f"forgotten-{hash_of('0f3a')}"


def test_the_columns_of_users_are_those_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "run_dir: .\n"
        "data:\n"
        "  events: {path: e.csv, columns: {user_id: household_id}}\n"
        "  users: {path: u.csv, columns: {user_id: [region, name]}}\n"
        "objectives: {buy: {event_types: [buy]}}\n"
    )
    user = read_user(tmp_path, "12")
    assert user == User("12", "12", frozenset({"user_id", "household_id", "region", "name", "region + name"}))
