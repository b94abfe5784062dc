"""How long work tells how far it has come: records on a standard logger, for whoever wants to show them."""

import logging
from dataclasses import dataclass

PROGRESS_LOGGER = "shoprank.progress"
"""Name of the logger. Where nobody asks for its INFO records, reporting costs next to nothing."""
_ATTRIBUTE = "work_progress"
_LOGGER = logging.getLogger(PROGRESS_LOGGER)


@dataclass(frozen=True)
class WorkProgress:
    """How far a piece of long work has come.

    Attributes:
        what: What is being done, such as `encoding texts`.
        done: Units that are done.
        total: Units in all; None while nobody knows.
        text: What to show in the place of name and counts, such as `epoch 2 of 4, loss 7.4568`; empty: these.
    """

    what: str
    done: int
    total: int | None
    text: str = ""

    def __str__(self) -> str:
        """What is done and how much of it, on one line."""
        counts = f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"
        return self.text or f"{self.what}, {counts}"


def report_progress(what: str, done: int, total: int | None, text: str = "") -> None:
    """Log how far a piece of long work has come; call it as often as is convenient, at most some 100 times a second.

    Args:
        what: What is being done, such as `encoding texts`; another name is another piece of work.
        done: Units that are done.
        total: Units in all; None while nobody knows.
        text: What to show in the place of name and counts.
    """
    if _LOGGER.isEnabledFor(logging.INFO):
        progress = WorkProgress(what, done, total, text)
        _LOGGER.info("%s", progress, extra={_ATTRIBUTE: progress})


def progress_of(record: logging.LogRecord) -> WorkProgress | None:
    """What a log record reports; None for a record of another kind."""
    return getattr(record, _ATTRIBUTE, None)
