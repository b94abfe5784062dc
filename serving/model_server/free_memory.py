"""Memory that is free in the process but not yet for others."""

import ctypes


def return_free_memory() -> None:
    """Give freed memory back to the system; does nothing where the C library has no `malloc_trim`.

    After a large model is freed, glibc keeps most of its memory for the process: two versions would be paid for ever.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
