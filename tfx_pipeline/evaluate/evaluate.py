"""Evaluate any models on any data under one named protocol."""

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.impression_evaluation import score_all_impressions
from tfx_pipeline.evaluate.impressions_file import read_impressions
from tfx_pipeline.evaluate.load_models import load_models
from tfx_pipeline.evaluate.loaded_model import LoadedModel
from tfx_pipeline.evaluate.model_items import items_of_model
from tfx_pipeline.evaluate.model_progress import ModelProgress
from tfx_pipeline.evaluate.model_source import ModelSource, find_models
from tfx_pipeline.evaluate.open_data import open_data
from tfx_pipeline.evaluate.predictions_file import read_predictions
from tfx_pipeline.evaluate.ranker_evaluation import score_rankers
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluate.sampled_evaluation import evaluate_sampled
from tfx_pipeline.evaluate.search_evaluation import evaluate_search
from tfx_pipeline.evaluate.search_models import SEARCH_BASELINES
from tfx_pipeline.evaluate.written_lists import check_endings
from tfx_pipeline.evaluation.baselines import BASELINES
from tfx_pipeline.evaluation.impressions import Impressions
from tfx_pipeline.evaluation.metrics import check_cutoffs
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings, evaluate_models
from tfx_pipeline.fairness_gaps import fairness_gaps


def evaluate(request: EvaluateRequest, progress: ModelProgress | None = None) -> EvaluationResult:
    """Do what is asked for.

    Args:
        request: Models, data and protocol.
        progress: Shows how far the work has come.

    Raises:
        ConfigError: The configuration of the data cannot be used.
        DataError: A model, a file or an option cannot be used, or does not go with the others.
        PipelineError: A run directory has no model or no tables.
        ServingError: A model server cannot be reached or refuses.
    """
    prepare_environment()
    check_endings(request.files)
    given = find_models(request.models, SEARCH_BASELINES if request.protocol == "search" else BASELINES)
    predictions = {each.place: read_predictions(Path(each.place)) for each in given if each.kind == "predictions file"}
    known_items = [each.item_ids for each in predictions.values()] + [items_of_model(source) for source in given]
    with ExitStack() as stack:
        data = stack.enter_context(open_data(request, known_items))
        sources = [*given, *_baselines_beside(request, data, given)]
        models = load_models(sources, data, predictions, stack)
        impressions, notes = None, list[str]()
        if request.impressions is not None:
            impressions, notes = read_impressions(request.impressions, data.cases, data.catalogue)
        return _evaluate(request, data.with_notes(*notes), models, impressions, progress or ModelProgress())


def _baselines_beside(
    request: EvaluateRequest, data: EvaluationData, given: Sequence[ModelSource]
) -> list[ModelSource]:
    """Every baseline that is not among the models anyway; none where there is nothing to learn from."""
    if not request.baselines:
        return []
    asked = {source.place for source in given if source.kind == "baseline"}
    names: Iterable[str] = ()
    if data.search is not None:
        names = SEARCH_BASELINES
    elif data.interactions is not None:
        names = BASELINES if data.settings.baselines is None else data.settings.baselines
    return [ModelSource(name, "baseline", name, name) for name in names if name not in asked]


def _evaluate(
    request: EvaluateRequest,
    data: EvaluationData,
    models: Sequence[LoadedModel],
    impressions: Impressions | None,
    progress: ModelProgress,
) -> EvaluationResult:
    cutoffs = tuple(request.cutoffs or data.settings.cutoffs)
    check_cutoffs(cutoffs)
    rounds = data.settings.bootstrap_rounds if request.rounds is None else request.rounds
    settings = EvaluationSettings(rounds, request.seed, data.settings.smallest_slice, (models[0].source.name,))
    started = time.perf_counter()
    with progress.of(models, len(data.items_asked)):
        evaluation = _ask(data, models, cutoffs, settings, progress)
    seconds = time.perf_counter() - started
    ranker, ranker_notes = score_rankers(models, data, rounds, request.seed)
    # They have no gate, as nothing is blessed here; of sampled candidates there is no exposure.
    is_full = data.candidates is None
    gaps = fairness_gaps(evaluation, models[0].source.name, data.item_labels, cutoffs[0]) if is_full else ()
    model_notes = [note for model in models for note in model.notes()]
    return EvaluationResult(
        data=data,
        models=tuple(model.source for model in models),
        rounds=rounds,
        seed=request.seed,
        seconds=seconds,
        evaluation=evaluation,
        gaps=gaps,
        impressions=score_all_impressions(evaluation, impressions, settings) if impressions else (),
        ranker=ranker,
        asked=request.slices,
        notes=(*data.notes, *_no_baselines(request, data), *model_notes, *ranker_notes),
    )


def _ask(
    data: EvaluationData,
    models: Sequence[LoadedModel],
    cutoffs: Sequence[int],
    settings: EvaluationSettings,
    progress: ModelProgress,
) -> Evaluation:
    if data.candidates is not None:
        scorers = {model.source.name: progress.scorer(model) for model in models}
        return evaluate_sampled(scorers, data.cases, data.candidates, cutoffs, settings)
    rankers = {model.source.name: progress.ranker(model) for model in models}
    if data.search is not None:
        return evaluate_search(rankers, data.cases, cutoffs, settings)
    return evaluate_models(rankers, data.cases, cutoffs, data.facts, data.slicings, settings)


def _no_baselines(request: EvaluateRequest, data: EvaluationData) -> list[str]:
    if request.baselines and data.interactions is None and data.search is None:
        return ["no baselines stand beside the models: --train FILE names what they learn from"]
    return []
