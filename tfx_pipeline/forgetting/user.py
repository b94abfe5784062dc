"""The user who is to be forgotten, as the files of a run may name them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tfx_pipeline.config import load_config
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.forgotten_users import hash_of
from tfx_pipeline.sources.user_hash import hash_user_id
from tfx_pipeline.table_config import DataConfig
from trainer.features import USER_ID

REDACTED = "(forgotten user)"
"""What takes the place of an id in a text."""

_BETWEEN = r"""(?:[\s"'=:,\[({]|\bb(?=["'])){0,6}"""
"""What may stand between the name of a field and its value, in the notations of Python, JSON and prose."""
_DELIMITER = r"""["'`,;|\t]"""


@dataclass(frozen=True)
class User:
    """A user of a shop.

    Attributes:
        given_id: The id as the shop writes it.
        stored_id: The id as the tables and examples of the run have it.
        columns: What the shop and the contract call the column of user ids.
    """

    given_id: str
    stored_id: str
    columns: frozenset[str] = frozenset({USER_ID})

    @property
    def ids(self) -> frozenset[str]:
        """Everything that the user is called; rows that cannot be read are quarantined before ids are hashed."""
        return frozenset({self.given_id, self.stored_id})

    @property
    def tombstone(self) -> str:
        """What takes the user's place where something must stand; no other user has the same."""
        return f"forgotten-{hash_of(self.stored_id)}"

    def redact(self, text: str) -> str:
        """A text for people, such as a log line, without the user's id.

        An id is recognised behind the name of a user column, as a whole field between quotation marks or delimiters,
        and, if a letter in it tells it from a number, as a whole word.
        """
        for pattern in self._mentions:
            text = pattern.sub(rf"\g<before>{REDACTED}", text)
        return text

    def is_field_of(self, row: str) -> bool:
        """Whether a row that could not be read has the user's id as one of its fields, whichever that is."""
        return any(pattern.search(row) for pattern in self._fields)

    @cached_property
    def _mentions(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for each in sorted(self.ids) for pattern in self._mentions_of(each)]

    def _mentions_of(self, user_id: str) -> list[str]:
        # The `household` of `household_id` introduces an id in prose.
        labels = {"user", *self.columns, *(name.removesuffix("_id") for name in self.columns)} - {""}
        label = "|".join(re.escape(each).replace("_", "[_ ]") for each in sorted(labels, key=len, reverse=True))
        escaped = re.escape(user_id)
        patterns = [
            rf"(?P<before>(?<!\w)(?i:{label}){_BETWEEN}(?<!\w)){escaped}(?![\w-])",
            rf"(?P<before>(?<={_DELIMITER})){escaped}(?={_DELIMITER})",
        ]
        if any(character.isalpha() for character in user_id):
            patterns.append(rf"(?P<before>(?<![\w-])){escaped}(?![\w-])")
        return patterns

    @cached_property
    def _fields(self) -> list[re.Pattern[str]]:
        # Delimiters of CSV and its relatives, and the punctuation of broken JSON.
        begin, end = r"(?:^|[\s,;|:{\[\"'])", r"(?:$|[\s,;|:}\]\"'])"
        return [re.compile(begin + re.escape(each) + end) for each in self.ids]


def read_user(run_dir: Path, user_id: str) -> User:
    """A user of the shop that a run was made for.

    Args:
        run_dir: The run directory, with its config.yaml.
        user_id: The id as the shop writes it.

    Raises:
        ConfigError: The directory has no readable configuration.
        DataError: The id is empty, or ids are hashed and the environment has no usable key.
    """
    if not user_id:
        raise DataError("the id of the user to forget is empty")
    data = load_config(run_dir / "config.yaml").data
    return User(user_id, hash_user_id(user_id, data.privacy), frozenset(_user_columns(data)))


def _user_columns(data: DataConfig) -> set[str]:
    names = {USER_ID}
    for table in (data.events, data.users, data.serving_log):
        if table is not None:
            mapped = table.columns.get(USER_ID, USER_ID)
            names |= {mapped} if isinstance(mapped, str) else {*mapped, " + ".join(mapped)}
    return names
