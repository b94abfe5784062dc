"""What a run asks of its export: in how many bytes vectors and weights are kept, and which signatures are there."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True)
class ExportSettings:
    """The section `export` of a configuration.

    Attributes:
        item_vectors: What the item store, the index and the towers keep of the vectors of items.
        text_encoder: What is kept of the weights of the text encoder; it computes in float32 all the same.
        signatures: Names of the signatures that are exported; None for all.
    """

    item_vectors: Precision = "float32"
    text_encoder: Precision = "float32"
    signatures: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: One of them is not possible.
        """
        for name in ("item_vectors", "text_encoder"):
            if getattr(self, name) not in get_args(Precision):
                raise ValueError(f"{name}: {', '.join(get_args(Precision))}, not {getattr(self, name)!r}")

    @classmethod
    def of(cls, values: dict[str, Any]) -> "ExportSettings":
        """Settings of the section as a mapping; what an older model lacks has its default."""
        chosen = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        signatures: Sequence[str] | None = chosen.pop("signatures", None)
        return cls(**chosen, signatures=None if signatures is None else tuple(signatures))
