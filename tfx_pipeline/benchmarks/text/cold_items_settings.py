"""Settings of the benchmark of items without history: `benchmarks/text/cold_items.yaml`."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from tfx_pipeline.benchmarks.text.cold_items_similarity import History
from tfx_pipeline.table_config import Section

SETTINGS_FILE = Path(__file__).parents[3] / "benchmarks" / "text" / "cold_items.yaml"


class SimilaritySettings(Section):
    """One similarity of content, an input of the mixture."""

    vectors: Literal["words", "characters", "meaning", "brand"]
    """TF-IDF of words or of runs of characters; the bundled MiniLM; or 1 for the same brand."""
    of: Literal["title", "text"] = "text"
    """What is read, but for the brand: the title, or title and description."""
    history: History = "sum"
    """How the positions of a history are put together; see `ContentSimilarity`."""


class ColdItemSettings(Section):
    """How the mixture of similarities is learned."""

    similarities: dict[str, SimilaritySettings] = Field(min_length=1)
    decay: float = Field(gt=0, le=1)
    """Weight of a position of a history relative to the next one; that of the TF-IDF baseline too."""
    pool: dict[str, int]
    """Name of a similarity -> how many of its best items are candidates."""
    parts: int = Field(gt=1)
    """Parts of the items; one of them at a time has no history."""
    negatives: int = Field(gt=0)
    """About how many other candidates of a case are learned from, drawn at random."""
    l2: float = Field(gt=0)
    """Weight of the squared weights of the mixture."""
    seeds: list[int] = Field([1, 2, 3], min_length=1)
    """Seeds of the parts and of the draw."""


def read_cold_item_settings(path: Path = SETTINGS_FILE) -> ColdItemSettings:
    """Read a file.

    Raises:
        ValidationError: A field is missing, unknown or out of range.
    """
    return ColdItemSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
