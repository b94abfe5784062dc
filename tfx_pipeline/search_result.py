"""What was measured of the searches of a window."""

from dataclasses import dataclass

from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.table import EvaluationTable


@dataclass(frozen=True)
class SearchQuality:
    """Metrics of all models on the searches of one window.

    Attributes:
        window: Name of the window.
        kind: What the searches are, see `SearchCases`.
        queries: How many there are.
        table: The metrics, over all items.
        tests: The served model against each other one.
    """

    window: str
    kind: str
    queries: int
    table: EvaluationTable
    tests: tuple[PairedTest, ...] = ()
