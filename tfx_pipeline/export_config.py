"""Configuration of the export: how small the servable is, and what it answers."""

from typing import Literal

from pydantic import field_validator

from tfx_pipeline.table_config import Section

Precision = Literal["float32", "float16", "int8"]
SignatureName = Literal[
    "recommend",
    "propensities",
    "rank",
    "explain",
    "retrieve",
    "similar_items",
    "embed_query",
    "embed_item",
    "serving_default",
]

NEEDED_SIGNATURES: tuple[SignatureName, ...] = ("recommend", "rank", "serving_default")
"""What the gates of a run ask the model by."""

_ALL: tuple[SignatureName, ...] = SignatureName.__args__  # type: ignore[attr-defined]


class ExportConfig(Section):
    """What the servable keeps."""

    item_vectors: Precision = "float32"
    """What item store, index and towers keep of a value of an item's vectors: 4, 2 or 1 bytes."""
    text_encoder: Precision = "float32"
    """What is kept of a weight of the text encoder. It computes in float32 all the same, and unpacks its weights at
    every query: smaller, and a little slower."""
    signatures: tuple[SignatureName, ...] = _ALL
    """What the servable answers. `recommend`, `rank` and `serving_default` are needed by the gates."""

    @field_validator("signatures")
    @classmethod
    def _with_those_of_the_gates(cls, signatures: tuple[SignatureName, ...]) -> tuple[SignatureName, ...]:
        missing = [name for name in NEEDED_SIGNATURES if name not in signatures]
        if missing:
            raise ValueError(f"without {', '.join(missing)}: the gates of a run ask the model by {_named()}")
        return tuple(dict.fromkeys(signatures))


def _named() -> str:
    *first, last = NEEDED_SIGNATURES
    return f"{', '.join(first)} and {last}"
