"""The columns of a file of JSON objects: its keys, and those of the objects inside as `device.os`."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from tfx_pipeline.sources.arrow_values import arrow_values

JsonPath = tuple[str, ...]
"""Keys from the outermost object inwards."""

_DEEPEST = 16
"""Objects that are nested deeper stay whole, as JSON text."""


class JsonColumns:
    """Columns found in some objects.

    Attributes:
        names: The columns, in the order in which they were first seen.
    """

    def __init__(self, objects: Sequence[dict[str, Any]]) -> None:
        """Find the columns; a key that has both objects and other values is a column of its own, too."""
        self._objects = objects
        paths: dict[JsonPath, bool] = {}
        for each in objects:
            for path, value in _leaves(each, ()):
                paths[path] = paths.get(path, False) or value is not None
        inner = {path[:depth] for path in paths for depth in range(1, len(path))}
        self._paths: dict[str, JsonPath] = {}
        for path, has_value in paths.items():
            if has_value or path not in inner:
                self._paths.setdefault(".".join(path), path)
        self.names = list(self._paths)

    def batch(self, objects: Sequence[dict[str, Any]], columns: Sequence[str]) -> pa.RecordBatch:
        """The named columns of some objects."""
        return pa.RecordBatch.from_arrays([self._values(objects, name) for name in columns], names=list(columns))

    def schema(self, columns: Sequence[str]) -> pa.Schema | None:
        """The types under which Arrow's own reader finds the named columns; None where it cannot tell them apart."""
        fields: dict[str, Any] = {}
        for name in columns:
            *outer, last = self._paths[name]
            inside = fields
            for key in outer:
                inside = inside.setdefault(key, {})
                if not isinstance(inside, dict):
                    return None
            if last in inside:
                return None
            inside[last] = self._values(self._objects, name).type
        return pa.schema(_struct(fields))

    def flat(self, table: pa.Table, columns: Sequence[str]) -> pa.RecordBatch:
        """The named columns of a table that was read with their schema."""
        whole = table.combine_chunks()
        arrays = [_inner(whole.column(self._paths[name][0]).chunk(0), self._paths[name][1:]) for name in columns]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def _values(self, objects: Sequence[dict[str, Any]], name: str) -> pa.Array:
        return arrow_values([_at(each, self._paths[name]) for each in objects])


def _leaves(each: dict[str, Any], outer: JsonPath) -> Iterator[tuple[JsonPath, Any]]:
    for key, value in each.items():
        path = (*outer, str(key))
        if not isinstance(value, dict) or len(path) == _DEEPEST:
            yield path, value
        elif value:
            yield from _leaves(value, path)
        else:
            yield path, None


def _at(value: Any, path: JsonPath) -> Any:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return None if value == {} else value


def _struct(fields: dict[str, Any]) -> list[pa.Field]:
    return [
        pa.field(name, pa.struct(_struct(kind)) if isinstance(kind, dict) else kind) for name, kind in fields.items()
    ]


def _inner(values: pa.Array, path: JsonPath) -> pa.Array:
    for key in path:
        # Not `field`, which overlooks that the outer object is missing.
        values = values.flatten()[values.type.get_field_index(key)]
    return values
