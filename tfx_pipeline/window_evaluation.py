"""The evaluation of one window: the served model, the last blessed one and the baselines on the same users."""

from pathlib import Path

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL, WindowResult
from tfx_pipeline.config import Config
from tfx_pipeline.evaluation.baselines import BASELINES, BUY_AGAIN, QUICK, baseline_rankers
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings, evaluate_models
from tfx_pipeline.evaluation.rankings import Ranker
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.evaluation_facts import WindowFacts
from tfx_pipeline.fairness_gaps import fairness_gaps
from trainer.features import TEST

LAST_BLESSED = "last blessed"


class WindowEvaluator:
    """Evaluates the same models on window after window."""

    def __init__(
        self, tables: Path, events: EvaluationEvents, config: Config, served: Ranker, last_blessed: Ranker | None
    ) -> None:
        """Take what does not depend on the window.

        Args:
            tables: Folder of the ingested tables.
            events: Their events.
            config: Settings of the evaluation, the objectives and the seed.
            served: The new model.
            last_blessed: The model that was blessed before, if there is one.
        """
        self._tables, self._events, self._config = tables, events, config
        self._models: dict[str, Ranker] = {SERVED_MODEL: served}
        if last_blessed is not None:
            self._models[LAST_BLESSED] = last_blessed

    def evaluate(self, window: str, cases: EvaluationCases) -> WindowResult:
        """Rank, score, slice and compare on the cases of a window."""
        settings, events = self._config.evaluation, self._events
        objectives = {name: objective.event_types for name, objective in self._config.objectives.items()}
        facts = WindowFacts(self._tables, events, window, settings.slices, objectives)
        baselines = baseline_rankers(facts.interactions, self._baselines(window), settings.ease_items)
        evaluation = evaluate_models(
            {**self._models, **baselines},
            cases,
            settings.cutoffs,
            facts.items,
            facts.slicings,
            EvaluationSettings(
                rounds=settings.bootstrap_rounds,
                seed=self._config.seed,
                smallest_slice=settings.smallest_slice,
                sliced=(SERVED_MODEL, BUY_AGAIN),
            ),
        )
        return WindowResult(
            window,
            *events.period(window),
            evaluation.table,
            evaluation.tests,
            evaluation.slices,
            self._gaps(evaluation, facts),
            LAST_BLESSED if LAST_BLESSED in self._models else None,
        )

    def _baselines(self, window: str) -> list[str]:
        settings = self._config.evaluation
        if settings.baselines is not None or window == TEST:
            return settings.baselines or list(BASELINES)
        compared = {threshold.above for threshold in settings.thresholds}
        return [name for name in BASELINES if name in QUICK or name in compared]

    def _gaps(self, evaluation: Evaluation, facts: WindowFacts) -> tuple[FairnessGap, ...]:
        settings = self._config.evaluation
        quality = {gate.dimension: gate.quality for gate in settings.fairness if gate.quality is not None}
        exposure = {gate.dimension: gate.exposure for gate in settings.fairness if gate.exposure is not None}
        return fairness_gaps(evaluation, SERVED_MODEL, facts.item_labels, settings.cutoffs[0], quality, exposure)
