"""Which kind of table a file is, by its name."""

from typing import Literal

from tfx_pipeline.sources.streams import file_name

Format = Literal["csv", "jsonl", "parquet", "tfrecord"]

KNOWN_ENDINGS = ".csv, .tsv, .jsonl, .parquet and .tfrecord"
"""The endings in words, for messages."""

_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
_ENDINGS_OF_GIVEN: dict[Format, tuple[str, ...]] = {"csv": (".txt", ".dat", ".data"), "jsonl": (".json", ".ndjson")}
"""Further endings that say enough only where the format is given."""


def format_of(path: str) -> Format | None:
    """The format that the name of a file tells; None if it tells none."""
    return next((kind for ending, kind in _ENDINGS.items() if _stem(path).endswith(ending)), None)


def is_tab_separated(path: str) -> bool:
    """Whether the name of a file says that tabs separate its values."""
    return _stem(path).endswith(".tsv")


def is_data_file(path: str, given: Format | None) -> bool:
    """Whether a file in a folder is a table, of the given format if there is one."""
    if given is None:
        return format_of(path) is not None
    return format_of(path) == given or _stem(path).endswith(_ENDINGS_OF_GIVEN.get(given, ()))


def _stem(path: str) -> str:
    name = file_name(path)
    return name.removesuffix(".gz") if not name.endswith(".parquet.gz") else name
