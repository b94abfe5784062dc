"""JSON documents."""

import json
from pathlib import Path
from typing import Any

from tfx_pipeline.forgetting.user import REDACTED, User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

_USER_FIELDS = (USER_ID, f"{USER_ID}s")


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


def _is_id(value: Any, user: User) -> bool:
    return not isinstance(value, bool) and str(value) in user.ids
