"""Versions of a generated servable in a directory that a model server can serve; imports TensorFlow when called."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Export:
    """What was exported, and what to ask about it.

    Attributes:
        base: Directory in which version 1 is.
        second: Version 2, beside `base` and not in it.
        user_ids: Known users.
        queries: Texts of two words that titles have.
    """

    base: Path
    second: Path
    user_ids: tuple[str, ...]
    queries: tuple[str, ...]


def export_generated(work: Path, items: int, small: bool = False, versions: int = 2) -> Export:
    """Export version 1, and 2 where two are wanted.

    Args:
        work: An empty directory.
        items: Items of the catalogue.
        small: Whether the models have the least sizes.
        versions: 1 or 2.
    """
    from tfx_pipeline.benchmarks.serve.generated_package import GeneratedSize, title_words
    from tfx_pipeline.benchmarks.serve.generated_servable import (
        another_version,
        generated_servable,
        small_settings,
        user_id,
    )

    size = GeneratedSize(items, users=8, events=5) if small else GeneratedSize(items)
    export = Export(
        base=work / "shoprank",
        second=work / "second",
        user_ids=tuple(user_id(number) for number in range(size.users)),
        queries=tuple(" ".join(pair) for pair in title_words()[:400].reshape(-1, 2)),
    )
    export.base.mkdir()
    generated_servable(size, export.base / "1", "1", small_settings() if small else None)
    if versions > 1:
        another_version(export.base / "1", export.second, "2")
    return export
