"""The evaluation of one window: the served model, the last blessed one and the baselines on the same users."""

from pathlib import Path

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL, WindowResult
from tfx_pipeline.config import Config
from tfx_pipeline.evaluation.baselines import BASELINES, BUY_AGAIN, QUICK, baseline_rankers
from tfx_pipeline.evaluation.fairness import FairnessGap, exposure_gaps, quality_gaps
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings, evaluate_models
from tfx_pipeline.evaluation.rankings import Ranker
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.evaluation_facts import WindowFacts, scores_of_groups
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

    def evaluate(self, window: str) -> WindowResult:
        """Rank, score, slice and compare."""
        settings, events = self._config.evaluation, self._events
        objectives = {name: objective.event_types for name, objective in self._config.objectives.items()}
        facts = WindowFacts(self._tables, events, window, settings.slices, objectives)
        baselines = baseline_rankers(events.interactions(window), self._baselines(window), settings.ease_items)
        evaluation = evaluate_models(
            {**self._models, **baselines},
            events.cases(window).sample(settings.most_users, self._config.seed),
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
            tuple(self._gaps(evaluation, facts)),
            LAST_BLESSED if LAST_BLESSED in self._models else None,
        )

    def _baselines(self, window: str) -> list[str]:
        settings = self._config.evaluation
        if settings.baselines is not None or window == TEST:
            return settings.baselines or list(BASELINES)
        compared = {threshold.above for threshold in settings.thresholds}
        return [name for name in BASELINES if name in QUICK or name in compared]

    def _gaps(self, evaluation: Evaluation, facts: WindowFacts) -> list[FairnessGap]:
        settings = self._config.evaluation
        quality = {gate.dimension: gate.quality for gate in settings.fairness if gate.quality is not None}
        exposure = {gate.dimension: gate.exposure for gate in settings.fairness if gate.exposure is not None}
        ours = scores_of_groups(evaluation.slices, SERVED_MODEL)
        gaps = quality_gaps(ours, f"NDCG@{settings.cutoffs[0]}", quality)
        cases, ranked = evaluation.ranked[SERVED_MODEL, "all"]
        gaps += exposure_gaps(SERVED_MODEL, ranked.items, cases, facts.item_labels, settings.cutoffs[0], exposure)
        return gaps
