"""The labelled rows that a run judged its ranker on."""

from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluate.shop_tables import ShopTables, run_output

_SPLIT = "Split-eval"


@dataclass(frozen=True)
class RankerRows:
    """Pairs of user and item of the eval window, with what happened.

    Attributes:
        files: Compressed tf.Examples, as the stage `CandidateMiner` wrote them.
        objectives: Names of the labels.
    """

    files: tuple[Path, ...]
    objectives: tuple[str, ...]


def find_ranker_rows(tables: ShopTables) -> RankerRows | None:
    """The rows of the last run; None where there is no run, or it did not come so far."""
    if tables.run_dir is None:
        return None
    try:
        folder = run_output(tables.run_dir, "CandidateMiner", "rows") / _SPLIT
    except PipelineError:
        return None
    files = tuple(sorted(folder.iterdir())) if folder.is_dir() else ()
    return RankerRows(files, tuple(tables.config.objectives)) if files else None
