"""The results of a full-catalogue evaluation on disk, and the gate that reads them."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from tfx_pipeline.config import EvaluationConfig
from tfx_pipeline.evaluation.protocol import EvaluationTable
from tfx_pipeline.run_summary import Gate

SERVED_MODEL = "shoprank"
POPULAR = "most popular"
_FILE = "evaluation.json"


@dataclass(frozen=True)
class WindowResult:
    """Metrics of all models on one window.

    Attributes:
        name: Name of the window.
        start: Its first moment, epoch seconds.
        end: The first moment after it, epoch seconds.
        table: The metrics.
    """

    name: str
    start: int
    end: int
    table: EvaluationTable


_ADAPTER = TypeAdapter(list[WindowResult])


def write_results(results: list[WindowResult], folder: Path) -> None:
    """Write the results into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_bytes(_ADAPTER.dump_json(results, indent=2))


def read_results(folder: Path) -> list[WindowResult]:
    """Read what `write_results` wrote."""
    return _ADAPTER.validate_json((folder / _FILE).read_bytes())


def popularity_gate(result: WindowResult, settings: EvaluationConfig) -> Gate:
    """Whether the model's NDCG over all items is far enough above most popular."""
    metric = f"NDCG@{settings.cutoffs[0]}"
    ours, popular = (result.table.row(model, "all").metrics[metric] for model in (SERVED_MODEL, POPULAR))
    name = f"{metric}, all items, {result.name} window"
    if ours is None or popular is None:
        return Gate(name, False, "no user of the window has a history")
    needed = popular * (1 + settings.minimum_lift_over_popular)
    reason = f"{ours:.4f} against more than {needed:.4f} ({POPULAR} {popular:.4f})"
    return Gate(name, ours > needed, reason)
