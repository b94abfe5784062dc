"""Arrow columns of lists of numbers, or of strings that hold such lists, to lists of float32."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.values import Integers, Mask, blanks_as_null, holds_text, mask_of, numbers, plain, trimmed

_VECTOR = pa.list_(pa.float32())


def is_list(kind: pa.DataType) -> bool:
    """Whether values of this type are lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def lists_of(flat: pa.Array, counts: Integers) -> pa.Array:
    """Cut `flat` into consecutive lists of `[N]` lengths."""
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def vectors(values: pa.Array) -> tuple[pa.Array, Mask]:
    """Read vectors.

    Args:
        values: `[N]` lists of numbers; or strings such as `[0.1, 0.2]`, `0.1,0.2` and `0.1 0.2`. Decimals are
            separated by a point.

    Returns:
        `[N]` lists of float32, empty where missing or unreadable, and `[N]` bool that says which are readable. A
        vector is unreadable if one of its elements is missing, no number or too large for float32.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type holds no lists of numbers.
    """
    values = plain(values)
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    lists = _split(values) if holds_text(values.type) else values
    if not is_list(lists.type):
        raise pa.ArrowInvalid(f"{lists.type} is no type of lists")
    row_of = pc.list_parent_indices(lists).to_numpy()
    amounts, is_number = numbers(pc.list_flatten(lists))
    with np.errstate(over="ignore"):
        elements = amounts.astype(np.float32)
    is_bad = ~is_number | np.isinf(elements)
    readable = np.bincount(row_of, weights=is_bad, minlength=len(values)) == 0
    kept = readable[row_of]
    counts = np.bincount(row_of[kept], minlength=len(values))
    return lists_of(pa.array(elements[kept]), counts).cast(_VECTOR), readable


def joined(lists: pa.Array, separator: str) -> pa.Array:
    """Lists of texts as one text each, `[N]` strings; elements are trimmed, empty ones skipped.

    Of lists of lists the first inner list counts: Amazon's `[[Tools, Saws], [Tools, Blades]]` is `Tools > Saws`.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The elements have no text.
    """
    lists = _first_inner(lists) if is_list(lists.type.value_type) else lists
    words = trimmed(pc.list_flatten(lists))
    is_given = mask_of(pc.not_equal(words, ""))
    counts = np.bincount(pc.list_parent_indices(lists).to_numpy()[is_given], minlength=len(lists))
    return pc.binary_join(lists_of(words.filter(pa.array(is_given)), counts), separator)


def _first_inner(lists: pa.Array) -> pa.Array:
    row_of, positions = np.unique(pc.list_parent_indices(lists).to_numpy(), return_index=True)
    first = np.full(len(lists), -1)
    first[row_of] = positions
    return pc.list_flatten(lists).take(pa.array(first, mask=first < 0))


def _split(values: pa.Array) -> pa.Array:
    """Strings to lists of strings; null where there is nothing."""
    body = pc.replace_substring_regex(trimmed(values), pattern=r"(?s)^\[\s*(.*?)\s*\]$", replacement=r"\1")
    body = blanks_as_null(body)
    return pc.split_pattern(pc.replace_substring_regex(body, pattern=r"\s*,\s*|\s+", replacement=","), pattern=",")
