"""The files that the paths of a table stand for: single files, folders, patterns, spans."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.file_kinds import is_data_file
from tfx_pipeline.sources.path_pattern import PathPattern, Placeholders, is_pattern, span_of
from tfx_pipeline.sources.streams import file_info, locate, one_line, split_address
from tfx_pipeline.table_config import TableConfig
from trainer.features import EVAL, TEST

BIGQUERY = "bigquery"
"""Path of the one source file of a table in BigQuery."""

_HIDDEN = (".", "_")


@dataclass(frozen=True)
class SourceFile:
    """A file of a table.

    Attributes:
        path: Where it is; `bigquery` where the table is in BigQuery.
        window: Window of the time axis to which all of its events belong, if it was given for one.
        span: Its span, if a pattern tells it: the number, or days since 1970.
        partition: Names and values of the columns that the folders of a partitioned table stand for.
    """

    path: str
    window: str | None = None
    span: int | None = None
    partition: tuple[tuple[str, str], ...] = ()


def source_files(table: TableConfig) -> list[SourceFile]:
    """Find the files of a table: those of `path`, then those of the eval window, then those of the test window.

    Each of the three is in order of spans, then of the listed paths, then of the names of their files. Files in folders
    are taken if their name ends as the name of a table does; names that begin with `.` or `_` are left out there.

    Raises:
        DataError: A path leads nowhere, a folder has no table, a pattern matches nothing or cannot be read, a file
            has an impossible date, or the table has `spans` but no path with spans.
    """
    if table.bigquery is not None:
        return [SourceFile(BIGQUERY)]
    files = _latest_spans(_expanded(table.paths, table, None), table)
    for window, paths in ((EVAL, table.eval_path), (TEST, table.test_path)):
        files += _expanded([paths] if isinstance(paths, str) else paths, table, window)
    return files


def _expanded(paths: list[str], table: TableConfig, window: str | None) -> list[SourceFile]:
    # A file that two paths stand for is read once.
    files = {file.path: file for path in paths for file in sorted(_of_path(path, table, window), key=_place)}
    # Stable: files of one span, or of none, stay in the order of the paths that the configuration lists.
    return sorted(files.values(), key=_span)


def _span(file: SourceFile) -> int:
    return -1 if file.span is None else file.span


def _place(file: SourceFile) -> tuple[int, str]:
    return _span(file), file.path


def _latest_spans(files: list[SourceFile], table: TableConfig) -> list[SourceFile]:
    if table.spans is None:
        return files
    spans = sorted({file.span for file in files if file.span is not None})
    if not spans or any(file.span is None for file in files):
        raise DataError(f"{table.name}: spans needs a path with {{SPAN}} or with {{YYYY}}, {{MM}} and {{DD}}")
    latest = spans[-table.spans :]
    return [file for file in files if file.span in latest]


def _of_path(path: str, table: TableConfig, window: str | None) -> list[SourceFile]:
    if is_pattern(path):
        files = list(_of_pattern(PathPattern(path), table, window))
        if not files:
            raise DataError(f"{path}: no file matches this pattern")
        return files
    info = file_info(path)
    if info.type == fs.FileType.NotFound:
        raise DataError(f"{path}: no such file")
    if info.type != fs.FileType.Directory:
        return [SourceFile(path, window)]
    folder = path.rstrip("/")
    files = [SourceFile(each, window, None, _partition(folder, each)) for each in _files_in(folder, table)]
    if not files:
        raise DataError(f"{path}: the folder has no file that is a table by its name")
    return files


def _of_pattern(pattern: PathPattern, table: TableConfig, window: str | None) -> Iterator[SourceFile]:
    for path, is_folder, found in _matches(pattern.base, pattern, 0, {}):
        span = span_of(found, path)
        for each in _files_in(path, table) if is_folder else [path]:
            yield SourceFile(each, window, span, _partition(pattern.base, each))


def _matches(
    folder: str, pattern: PathPattern, level: int, found: Placeholders
) -> Iterator[tuple[str, bool, Placeholders]]:
    """Paths that match the pattern from `level` on, whether each is a folder, and what its placeholders stand for."""
    for path, is_folder in _listing(folder, recursive=False):
        here = pattern.match(level, path.rsplit("/", 1)[-1], found)
        if here is None:
            continue
        if level == pattern.levels - 1:
            yield path, is_folder, here
        elif is_folder:
            yield from _matches(path, pattern, level + 1, here)


def _files_in(folder: str, table: TableConfig) -> Iterator[str]:
    """Paths of the tables in a folder and the folders below."""
    for path, is_folder in _listing(folder, recursive=True):
        is_hidden = any(part.startswith(_HIDDEN) for part in _parts_below(folder, path))
        if not is_folder and not is_hidden and is_data_file(path, table.format):
            yield path


def _listing(folder: str, recursive: bool) -> Iterator[tuple[str, bool]]:
    """Paths of what is in a folder, and whether each is a folder; nothing where there is no such folder."""
    system, place = locate(folder)
    place = place.rstrip("/") or "/"
    try:
        infos = system.get_file_info(fs.FileSelector(place, allow_not_found=True, recursive=recursive))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{folder}: {one_line(error)}") from error
    for info in infos:
        yield _address_of(folder, info.path[len(place) :]), info.type == fs.FileType.Directory


def _address_of(folder: str, inner: str) -> str:
    store, place, options = split_address(folder)
    return f"{store}{place.rstrip('/')}/{inner.lstrip('/')}{options}"


def _parts_below(folder: str, path: str) -> list[str]:
    place = split_address(folder)[1].rstrip("/")
    return split_address(path)[1][len(place) + 1 :].split("/")


def _partition(base: str, path: str) -> tuple[tuple[str, str], ...]:
    """The pairs that folders below `base` name as Hive does, such as `date=2020-01-01`."""
    folders = _parts_below(base, path)[:-1]
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return tuple((name, value) for name, _, value in pairs if name)
