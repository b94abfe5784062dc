"""Settings of the benchmark of searches: `benchmarks/text/search.yaml`."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from tfx_pipeline.table_config import Section

SETTINGS_FILE = Path(__file__).parents[3] / "benchmarks" / "text" / "search.yaml"


class IndexSettings(Section):
    """One lexical index, a source of the fusion."""

    kind: Literal["words", "stems", "pairs", "pieces", "runs"]
    """What it counts; see `trainer.lexical.terms`."""
    k1: float = Field(1.2, gt=0)
    """How soon further repetitions stop to count."""
    b: float = Field(0.75, ge=0, le=1)
    """How much long documents are held back."""
    first_words: int | None = Field(None, gt=0)
    """Words of a document that are read; all without it."""


class SearchSettings(Section):
    """How search is learned from the dev queries."""

    indexes: dict[str, IndexSettings] = Field(min_length=1)
    """Source -> its index; the one named `words` is BM25 as it is measured alone."""
    max_tokens: int = Field(gt=2)
    """Tokens of a text that the encoders read."""
    training: dict[str, Any]
    """Of `SearchTrainingSettings`; the seed is given by `seeds`."""
    seeds: list[int] = Field([1, 2, 3], min_length=1)
    """Seeds of the fine-tuning."""


def read_search_settings(path: Path = SETTINGS_FILE) -> SearchSettings:
    """Read a file.

    Raises:
        ValidationError: A field is missing, unknown or out of range.
    """
    return SearchSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
