"""The unit that reports are assembled from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Subject = TypeVar("Subject")
"""What a report is about: a run, or a pair of runs."""


@dataclass(frozen=True)
class Section(Generic[Subject]):
    """One section of a report, with its own heading and its own line in the table of contents.

    Attributes:
        id: Anchor in the page, such as `metrics`; unique within a report.
        title: The heading.
        template: Path of the Jinja2 template of its body, below `tfx_pipeline/templates`. It sees `content`, and the
            subject as `subject`.
        content: What to show of a subject; None leaves the section out, heading and all.
    """

    id: str
    title: str
    template: str
    content: Callable[[Subject], object | None]
