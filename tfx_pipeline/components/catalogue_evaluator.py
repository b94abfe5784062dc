"""TFX component: full-catalogue metrics of the servable beside the baselines, on the eval and the test window."""

from pathlib import Path

import numpy as np
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL, WindowResult, write_results
from tfx_pipeline.components.artifacts import CatalogueEvaluation, ShopTables
from tfx_pipeline.config import EvaluationConfig, SplitConfig
from tfx_pipeline.evaluation.protocol import Ranker, baseline_rankers, evaluate_models
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.served_ranker import ServedRanker
from tfx_pipeline.split_tables import read_split
from trainer.features import EVAL, TEST


@component
def CatalogueEvaluator(
    tables: InputArtifact[ShopTables],
    model: InputArtifact[standard_artifacts.Model],
    split: Parameter[str],
    settings: Parameter[str],
    history_length: Parameter[int],
    version: Parameter[str],
    evaluation: OutputArtifact[CatalogueEvaluation],
) -> None:
    """Evaluate.

    Args:
        tables: The tables on the data contract.
        model: The exported servable.
        split: `SplitConfig` as JSON.
        settings: `EvaluationConfig` as JSON.
        history_length: Latest events of a user that the servable looks at.
        version: Hash of the code.
        evaluation: The results, see `tfx_pipeline.catalogue_evaluation`.
    """
    del version
    folder = Path(tables.uri)
    events = EvaluationEvents(folder, read_split(folder, SplitConfig.model_validate_json(split)))
    cutoffs = EvaluationConfig.model_validate_json(settings).cutoffs
    served = ServedRanker(
        path_utils.serving_model_path(model.uri), events.item_ids, events.event_type_names, history_length
    )
    results = []
    for window in (EVAL, TEST):
        buyers = events.buyers(window).astype(np.float64)
        rankers: dict[str, Ranker] = {SERVED_MODEL: served, **baseline_rankers(buyers)}
        table = evaluate_models(rankers, events.cases(window), cutoffs)
        results.append(WindowResult(window, *events.period(window), table))
    write_results(results, Path(evaluation.uri))
