"""Settings of a quality benchmark: one YAML file a data set, in `benchmarks/quality`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field

from tfx_pipeline.table_config import Section


class PoolSettings(Section):
    """Which items are candidates."""

    best: dict[str, int]
    """Name of a score -> how many of its best items are candidates."""
    own: bool = True
    """Whether the items of the history are candidates, where repeats may be shown."""
    most: int | None = Field(None, gt=0)
    """Only so many candidates of a case stay; None for all."""
    most_by: list[str] = []
    """Names of scores or features: those with the largest first one stay, of equals those with the largest second."""


class ColumnSettings(Section):
    """One input of the mixture."""

    of: str
    """Name of a score or feature."""
    form: Literal["value", "log1p", "sqrt", "log_share"] = "value"
    """`log1p`: log(1 + scale x); `sqrt`: sqrt(max(x, 0)); `log_share`: log(max(x, 0) / largest of the case + floor)."""
    scale: float = Field(1.0, gt=0)
    floor: float = Field(0.02, gt=0)
    times: str | None = None
    """Name of a score or feature that the form is multiplied by, such as a flag: a weight for some candidates alone."""


def _column(written: object) -> object:
    return {"of": written} if isinstance(written, str) else written


class NetworkSettings(Section):
    """How a network learns to rank the candidates."""

    hidden: list[int] = Field([64, 32], min_length=1)
    """Widths of the hidden layers."""
    epochs: int = Field(8, gt=0)
    batch: int = Field(32, gt=0)
    """Cases of a step."""
    learning_rate: float = Field(1e-3, gt=0)
    """The first one; it falls to 0 along a cosine."""
    members: int = Field(1, gt=0)
    """Networks with other first weights whose scores are added up (Lakshminarayanan et al. 2017)."""


class QualitySettings(Section):
    """How one data set is learned."""

    sources: dict[str, dict[str, Any]]
    """Name -> settings of a source or of features, with its `kind`."""
    pool: PoolSettings
    columns: list[Annotated[ColumnSettings, BeforeValidator(_column)]] = Field(min_length=1)
    """Inputs; a name alone stands for its value."""
    model: Literal["mixture", "network"] = "mixture"
    """What ranks the candidates: the weighted sum of the inputs, or a network over them."""
    network: NetworkSettings = NetworkSettings()
    l2: float = Field(1e-3, gt=0)
    """Weight of the squared weights of the mixture."""
    seeds: list[int] = [1, 2, 3]


def read_settings(path: Path) -> QualitySettings:
    """Read a file.

    Raises:
        ValidationError: A field is missing, unknown or out of range.
    """
    return QualitySettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
