"""JSON: logs with one object a line, and documents."""

import json
from pathlib import Path
from typing import Any

from tfx_pipeline.forgetting import text_files
from tfx_pipeline.forgetting.user import REDACTED, User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

_USER_FIELDS = (USER_ID, f"{USER_ID}s")


def erase_lines(path: Path, user: User) -> int:
    """Rewrite a JSON Lines file without the objects that have the user's id in a field for users, at any depth.

    A line that is no JSON, such as the last one of a writer that was killed, goes if it has the id as a field.

    Returns:
        The number of lines removed; the file is not touched if there is none.
    """
    return text_files.rewrite(path, text_files.lines(lambda line: "" if _is_of_user(line, user) else line))


def erase_in_document(path: Path, user: User) -> int:
    """Take the user's id out of a JSON document; what else is said stays.

    Returns:
        1 if something changed, else 0, and the file is not touched.

    Raises:
        ValueError: The file is not JSON.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    redacted = redact(document, user)
    if redacted == document:
        return 0
    with write_aside(path) as aside:
        aside.write_text(json.dumps(redacted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1


def redact(value: Any, user: User, field: str = "") -> Any:
    """A value of a JSON document without the user's id.

    Args:
        value: Any JSON value.
        user: Who is forgotten.
        field: Name of the field that the value stands in.
    """
    if isinstance(value, dict):
        return {name: redact(each, user, name) for name, each in value.items()}
    if isinstance(value, list):
        return [redact(each, user, field) for each in value]
    # Our own documents use the contract's names; a shop's `user` may be our count of `users`.
    if field in _USER_FIELDS and _is_id(value, user):
        return REDACTED
    return user.redact(value) if isinstance(value, str) else value


def _is_of_user(line: str, user: User) -> bool:
    try:
        return _holds(json.loads(line), user)
    except ValueError:
        return user.is_field_of(line)


def _holds(value: Any, user: User, field: str = "") -> bool:
    if isinstance(value, dict):
        return any(_holds(each, user, name) for name, each in value.items())
    if isinstance(value, list):
        return any(_holds(each, user, field) for each in value)
    return (field in _USER_FIELDS or field in user.columns) and _is_id(value, user)


def _is_id(value: Any, user: User) -> bool:
    return not isinstance(value, bool) and str(value) in user.ids
