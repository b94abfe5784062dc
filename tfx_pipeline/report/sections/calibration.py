"""Whether the ranker's probabilities order well and mean what they say."""

from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.report.charts.reliability_diagram import reliability_diagram
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


@dataclass(frozen=True)
class Calibration:
    """The scores of all objectives.

    Attributes:
        objectives: Scores, objective by objective.
        metrics: Names of all metrics.
        diagrams: Reliability diagram of each objective that has rows.
    """

    objectives: tuple[ProbabilityScores, ...]
    metrics: list[str]
    diagrams: dict[str, Markup]


def _calibration(run: RunSummary) -> Calibration | None:
    if not run.ranker:
        return None
    return Calibration(
        run.ranker,
        list(dict.fromkeys(metric for scores in run.ranker for metric in scores.metrics)),
        {
            each.objective: reliability_diagram(each.reliability, each.objective)
            for each in run.ranker
            if each.reliability
        },
    )


SECTION = Section("calibration", "Calibration of the ranker", "sections/calibration.html.j2", _calibration)
