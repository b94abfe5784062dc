"""A schema as a table that people can read."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from tfx_pipeline.number_format import ABSENT

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

_TYPES = {"BYTES": "text", "INT": "whole number", "FLOAT": "number"}
_SHOWN_VALUES = 12


def schema_table(title: str, schema: "schema_pb2.Schema") -> Table:
    """One row for each feature: its name, its type, how many values an example has, and which are allowed."""
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for column in ("feature", "type", "presence", "domain"):
        table.add_column(column)
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    for entry in schema.feature:
        cells = (entry.name, _type_name(entry), presence(entry), domain(entry, domains))
        table.add_row(*map(escape, cells))
    return table


def _type_name(entry: "schema_pb2.Feature") -> str:
    name = type(entry).DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number[entry.type].name
    return _TYPES.get(name, name)


def presence(entry: "schema_pb2.Feature") -> str:
    """How many values an example has, and how many examples have any."""
    if entry.value_count.max == 1:
        values = "one value" if entry.value_count.min else "at most one value"
    else:
        values = "one value or more" if entry.value_count.min else "any number of values"
    share = entry.presence.min_fraction
    return f"{values}, in at least {share:.0%} of the examples" if 0 < share < 1 else values


def domain(entry: "schema_pb2.Feature", domains: dict[str, list[str]]) -> str:
    """Which values are allowed; a dash if all are."""
    kind = entry.WhichOneof("domain_info")
    if kind in ("domain", "string_domain"):
        values = domains.get(entry.domain, []) if kind == "domain" else list(entry.string_domain.value)
        shown = [value or "(empty)" for value in values[:_SHOWN_VALUES]]
        more = len(values) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")
    if kind in ("int_domain", "float_domain"):
        bounds = getattr(entry, kind)
        parts = [f"from {bounds.min:g}"] if bounds.HasField("min") else []
        parts += [f"to {bounds.max:g}"] if bounds.HasField("max") else []
        return " ".join(parts) or ABSENT
    return ABSENT if kind is None else kind.removesuffix("_domain")
