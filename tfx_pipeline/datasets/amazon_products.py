"""The product metadata of Amazon Reviews: one JSON object, or in 2014 one Python literal, a line."""

import ast
import gzip
import html
import json
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from tfx_pipeline.datasets.prepared import ROWS
from tfx_pipeline.sources.errors import DataError

PRODUCT_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("description", pa.string()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("price", pa.float64()),
    ]
)

DESCRIPTION_CHARACTERS = 2_000
"""Where a description is cut: no text encoder reads further."""

_PRICE = re.compile(r"\s*(?:from\s*)?\$?\s*(\d[\d,]*(?:\.\d+)?)")
_LEAKED_SCRIPT = "getTime()"


@dataclass(frozen=True)
class ProductFields:
    """Which fields of a product hold what.

    Attributes:
        item_id: The id that reviews name.
        category: A path as a list, or a list of such paths, of which the first is taken.
        brand: The brand, or who sells it.
    """

    item_id: str
    category: str
    brand: str


def products(path: Path, fields: ProductFields) -> Iterator[pa.Table]:
    """Read products in pieces of bounded size.

    A line that cannot be read becomes a row without an id, so that ingestion puts it into quarantine and counts it; a
    row has the number of its line.

    Args:
        path: The metadata of one category, plain or gzip.
        fields: Where its values are.

    Yields:
        Tables of `PRODUCT_SCHEMA`; texts are without HTML entities, prices in dollars, null where unknown.

    Raises:
        DataError: The file is damaged.
    """
    try:
        with _open(path) as lines:
            while piece := list(islice(lines, ROWS)):
                yield pa.Table.from_pylist([_row(_parse(line), fields) for line in piece], PRODUCT_SCHEMA)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: a damaged file: {' '.join(str(error).split())}") from error


def _open(path: Path) -> IO[str]:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return path.open(encoding="utf-8", errors="replace")


def _parse(line: str) -> dict[str, Any]:
    """The object on a line; empty where there is none."""
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(line)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return value if isinstance(value, dict) else {}
    return {}


def _row(product: dict[str, Any], fields: ProductFields) -> dict[str, Any]:
    title = _text(product.get("title"))
    return {
        "item_id": str(product.get(fields.item_id) or ""),
        # Some titles of 2018 are pieces of the page's script.
        "title": "" if _LEAKED_SCRIPT in title else title,
        "description": _text(product.get("description"))[:DESCRIPTION_CHARACTERS],
        "category": _path(product.get(fields.category)),
        "brand": _text(product.get(fields.brand)),
        "price": _price(product.get("price")),
    }


def _text(value: Any) -> str:
    """A text, or a list of paragraphs, on one line."""
    parts = value if isinstance(value, list) else [value]
    joined = " ".join(str(part) for part in parts if part)
    return " ".join(html.unescape(joined).split())


def _path(levels: Any) -> str:
    if isinstance(levels, list) and levels and isinstance(levels[0], list):
        levels = levels[0]
    return " > ".join(filter(None, map(_text, levels))) if isinstance(levels, list) else _text(levels)


def _price(value: Any) -> float | None:
    """The lowest price of `12.5`, `$1,012.50`, `from 12.50` and `$12.50 - $20.00`; None for anything else."""
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    match = _PRICE.match(value) if isinstance(value, str) else None
    return float(match[1].replace(",", "")) if match else None
