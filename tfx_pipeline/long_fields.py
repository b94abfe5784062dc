"""CSV files whose fields may be of any length."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_FIELD = 2**31 - 1
"""Characters. A row that could not be read stands in one field of a quarantine file; Python's default is 128 Ki."""


@contextmanager
def long_fields() -> Iterator[None]:
    """Lift the limit while the block runs: it is one for the whole process, and other files are held to Python's."""
    usual = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
