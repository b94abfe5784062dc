"""Importing TensorFlow without its greetings."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def silent_import() -> Iterator[TextIO]:
    """Drop what C++ code writes to standard error: TensorFlow 2.21 greets there, whatever its level of logging is.

    An import that fails raises as ever.

    Yields:
        The standard error that was, for what has to be seen meanwhile.
    """
    if sys.stderr is None:  # Closed by whoever started this.
        with open(os.devnull, "w", encoding="utf-8") as nobody:
            yield nobody
        return
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        with os.fdopen(os.dup(saved), "w", encoding="utf-8", buffering=1) as terminal:
            yield terminal
    finally:
        os.dup2(saved, 2)
        os.close(saved)
