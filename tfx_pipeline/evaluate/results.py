"""What an evaluation of `shoprank evaluate` found."""

from dataclasses import dataclass

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.evaluation.protocol import Evaluation


@dataclass(frozen=True)
class ImpressionScore:
    """One model on a log of impressions.

    Attributes:
        model: Name of the model.
        metrics: Metric such as `CTR@10` -> value; None where nothing can be said.
        intervals: Metric -> bootstrap interval over users; None below two users.
    """

    model: str
    metrics: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]


@dataclass(frozen=True)
class RankerScore:
    """The probabilities of one model for one objective.

    Attributes:
        model: Name of the model.
        scores: How good they are.
    """

    model: str
    scores: ProbabilityScores


@dataclass(frozen=True)
class EvaluationResult:
    """Everything that was found.

    Attributes:
        data: What was asked.
        models: Who was asked, in the order of the tables; the first is compared with the others.
        rounds: Bootstrap rounds.
        seed: Seed of the resampling.
        seconds: Wall time of ranking and scoring.
        evaluation: Metrics, paired tests, slices and ranked lists.
        gaps: How far apart the first model serves groups.
        impressions: Metrics on the log of impressions, if there is one.
        ranker: The probabilities of the served rankers, where there are labelled rows.
        asked: Dimensions of slices that were asked for by name.
        notes: What a reader of the figures has to know, one sentence each.
    """

    data: EvaluationData
    models: tuple[ModelSource, ...]
    rounds: int
    seed: int
    seconds: float
    evaluation: Evaluation
    gaps: tuple[FairnessGap, ...] = ()
    impressions: tuple[ImpressionScore, ...] = ()
    ranker: tuple[RankerScore, ...] = ()
    asked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """Name of the first model."""
        return self.models[0].name
