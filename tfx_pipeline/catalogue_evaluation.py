"""What the evaluation of a served model found, on disk: metrics, slices, tests, calibration, examples, searches."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationTable
from tfx_pipeline.run_details import ExampleUser, Exploration
from tfx_pipeline.search_result import SearchQuality

SERVED_MODEL = "shoprank"
_FILE = "evaluation.json"


@dataclass(frozen=True)
class WindowResult:
    """Metrics of all models on one window.

    Attributes:
        name: Name of the window.
        start: Its first moment, epoch seconds.
        end: The first moment after it, epoch seconds.
        table: The metrics.
        tests: The served model against each other one.
        slices: Metrics by slice.
        gaps: How far apart groups are served.
        last_blessed: Name of the row of the last blessed model; None where there is none yet.
    """

    name: str
    start: int
    end: int
    table: EvaluationTable
    tests: tuple[PairedTest, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    gaps: tuple[FairnessGap, ...] = ()
    last_blessed: str | None = None


@dataclass(frozen=True)
class CatalogueResult:
    """Everything that was found.

    Attributes:
        windows: Window by window.
        ranker: The ranker's probabilities, objective by objective, on the eval window.
        examples: Sample users of the test window.
        exploration: How much each policy explores.
        searches: How well the model searches, window by window.
    """

    windows: tuple[WindowResult, ...]
    ranker: tuple[ProbabilityScores, ...] = ()
    examples: tuple[ExampleUser, ...] = ()
    exploration: tuple[Exploration, ...] = ()
    searches: tuple[SearchQuality, ...] = ()

    def window(self, name: str) -> WindowResult:
        """The result of one window."""
        return next(result for result in self.windows if result.name == name)


_ADAPTER = TypeAdapter(CatalogueResult)


def write_result(result: CatalogueResult, folder: Path) -> None:
    """Write the result into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_bytes(_ADAPTER.dump_json(result, indent=2))


def read_result(folder: Path) -> CatalogueResult:
    """Read what `write_result` wrote."""
    return _ADAPTER.validate_json((folder / _FILE).read_bytes())
