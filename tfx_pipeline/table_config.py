"""Configuration of the shop's tables: where they are, how they are written, and which of their rows are kept."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Columns = dict[str, str | list[str]]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Paths = str | list[str]


class Section(BaseModel):
    """A part of the configuration; it knows all of its fields."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class CsvConfig(Section):
    """How a CSV file is written, where it is not comma-separated UTF-8 with a header."""

    delimiter: str = Field(",", min_length=1, max_length=4)
    """What separates the fields; more than one character, such as `::`, is accepted where values hold no quotes."""
    encoding: str = "utf-8"
    """Name of the encoding, such as `latin-1`."""
    header: list[str] | None = None
    """Names of the columns of a file that has no header."""
    quoting: bool = True
    """Whether a quotation mark opens a value that may hold delimiters and line breaks."""


class BigQueryConfig(Section):
    """A table of Google BigQuery, or what a query gives."""

    table: str | None = Field(None, pattern=r"^[\w-]+\.\w+\.[\w$-]+$")
    """`project.dataset.table`."""
    query: str | None = None
    """A SELECT statement of GoogleSQL."""
    project: str | None = None
    """Who pays; by default what the environment says."""

    @model_validator(mode="after")
    def _one_source(self) -> "BigQueryConfig":
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        return self


class TableConfig(Section):
    """Where a table is and how its columns map onto the data contract."""

    path: Paths = []
    """A file, a folder, or a pattern: `*`, `{SPAN}`, `{YYYY}-{MM}-{DD}`; or a list of them. Files are `.csv`, `.tsv`,
    `.jsonl` (all three also `.gz`), `.parquet` and `.tfrecord` (`.gz`); paths of `gs://` and `s3://` are accepted."""
    bigquery: BigQueryConfig | None = None
    """Takes the place of `path`."""
    eval_path: Paths = []
    """Events of the eval window, for the split method `files`."""
    test_path: Paths = []
    """Events of the test window, for the split method `files`."""
    spans: int | None = Field(None, ge=1)
    """How many of the latest spans of a pattern are read; all by default."""
    format: Literal["csv", "jsonl", "parquet", "tfrecord"] | None = None
    """By default what the name of the file says."""
    csv: CsvConfig = CsvConfig()
    columns: Columns = {}
    """Contract column -> the shop's column, or a list of columns that are joined (a category path with ` > `,
    anything else with a space). Columns that already have the contract's name need no entry."""
    constants: dict[str, str] = {}
    """Contract column -> one value for every row, such as `event_type: purchase`."""
    values: dict[str, dict[str, str]] = {}
    """Contract column -> the shop's value -> the contract's, such as `event_type: {pv: view}`; others stay."""
    own_columns: dict[str, Literal["text", "number"]] = {}
    """Further columns that are carried along, and what they hold."""
    drop: list[str] = []
    """The shop's columns that are never read, such as names and addresses."""
    time_unit: Literal["auto", "s", "ms", "us"] = "auto"
    """Unit of times that are numbers; by default told apart by their size."""
    time_format: str | None = None
    """How times are written where they are not ISO 8601, in the codes of strptime, such as `%d/%m/%Y %H:%M`."""
    time_zone: str = "UTC"
    """Where times without a zone of their own were taken, such as `Europe/Berlin`."""
    order: Literal["file"] | None = None
    """`file`: the rows have no times, and stand in the order in which they happened."""
    decimal_mark: Literal[".", ","] = "."
    """What separates the decimals of a number; the other one may group thousands."""
    category_separator: str = Field(">", min_length=1)
    """What separates the levels of a category path in one value."""

    @field_validator("path", "eval_path", "test_path", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [str(each) if isinstance(each, Path) else each for each in value]
        return str(value) if isinstance(value, Path) else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone of the IANA data base") from error
        return value

    @model_validator(mode="after")
    def _one_source(self) -> "TableConfig":
        if bool(self.path) == (self.bigquery is not None):
            raise ValueError("give either path or bigquery")
        return self

    @property
    def paths(self) -> list[str]:
        """The paths and patterns of `path`, as a list."""
        return [self.path] if isinstance(self.path, str) else list(self.path)

    @property
    def name(self) -> str:
        """What to call the table in an error about all of it."""
        if self.bigquery is not None:
            return f"bigquery {self.bigquery.table or 'query'}"
        return ", ".join(self.paths)


Action = Literal["quarantine", "drop", "ignore"]
"""What happens to a row that a rule catches.

quarantine  to the quarantine file, and counted against `max_bad_share`
drop        to the quarantine file, but not counted as bad
ignore      counted only
"""


class RulesConfig(Section):
    """What happens to rows that can be read, but may poison a model. What cannot be read always goes to quarantine."""

    missing_users: Action = "quarantine"
    """Events without a user_id, such as guests."""
    duplicates: Action | Literal["keep"] = "drop"
    """Events that repeat an earlier one in every column; the first stays."""
    unknown_event_types: Action = "ignore"
    """Events of a type that no objective names."""
    duplicate_items: Action = "quarantine"
    """Items whose item_id an earlier row had; the first stays. `ignore` lets a log of events serve as items table."""
    unlisted_items: Action | Literal["keep"] = "quarantine"
    """Events of an item that the items table lacks; `keep` adds the item with nothing but its id."""
    future_times: Action | Literal["keep"] = "quarantine"
    """Events after `now`."""
    negative_prices: Action | Literal["keep"] = "quarantine"
    """Events and items with a price below zero; `keep` takes the price as not known."""
    returns: Literal["cancel"] | Action = "cancel"
    """Events with a negative quantity, also of a type that no objective names. `cancel` takes back the user's earlier
    purchases of the item, latest first, as far as the quantity reaches; the return itself is dropped."""
    return_types: list[str] = []
    """Event types that are returns, such as `refund`: their quantity counts as negative, a missing one as -1."""
    now: datetime | None = None
    """Latest time that an event may have; by default a day after the run started."""


class PrivacyConfig(Section):
    """What leaves the shop's files, and in which form."""

    hash_user_ids: bool = False
    """Replace user ids by a keyed hash, before anything is written."""
    key_variable: str = "SHOPRANK_USER_KEY"
    """Environment variable with the secret key, at least 16 characters."""


class DataConfig(Section):
    """The shop's tables."""

    events: TableConfig
    items: TableConfig | None = None
    """Without it the catalogue is the set of items that occur in the events."""
    users: TableConfig | None = None
    """What is known about users beside their events."""
    judgments: TableConfig | None = None
    """Graded pairs of query and item."""
    serving_log: TableConfig | None = None
    """Events as the serving side logged them, to be compared with the training data for skew."""
    feedback: str | None = None
    """Folder of the feedback log: what the model showed, with which propensities, and what came of it."""
    max_bad_share: Fraction = 0.01
    """Share of rows that may go to quarantine, per table, before the run stops."""
    rules: RulesConfig = RulesConfig()
    privacy: PrivacyConfig = PrivacyConfig()

    @property
    def tables(self) -> dict[str, TableConfig]:
        """The tables that the shop has, by their name in the contract."""
        given = {"events": self.events, "items": self.items, "users": self.users, "judgments": self.judgments}
        return {name: table for name, table in given.items() if table is not None}

    @property
    def own_columns(self) -> dict[str, dict[str, str]]:
        """The shop's own columns that examples carry: table -> column -> what it holds."""
        items = self.items.own_columns if self.items is not None else {}
        return {"events": dict(self.events.own_columns), "items": dict(items)}
