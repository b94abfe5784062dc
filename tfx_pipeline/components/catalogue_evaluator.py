"""TFX component: full-catalogue metrics of the servable beside baselines and the last blessed model."""

from collections.abc import Callable
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.catalogue_evaluation import CatalogueResult, write_result
from tfx_pipeline.components.artifacts import CatalogueEvaluation, ShopTables
from tfx_pipeline.config import Config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluation.protocol import EvaluationSettings
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.example_users import example_users
from tfx_pipeline.exploration_sample import measure_exploration
from tfx_pipeline.last_blessed import last_version_before
from tfx_pipeline.ranker_scores import read_labelled_pairs, score_ranker
from tfx_pipeline.search_cases import read_documents, search_cases
from tfx_pipeline.search_quality import measure_search
from tfx_pipeline.search_result import SearchQuality
from tfx_pipeline.served_ranker import ServedRanker
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.titles import read_titles
from tfx_pipeline.window_evaluation import WindowEvaluator
from trainer.features import EVAL, TEST
from trainer.model_files import VERSION_FILE


@component
def CatalogueEvaluator(
    tables: InputArtifact[ShopTables],
    model: InputArtifact[standard_artifacts.Model],
    rows: InputArtifact[standard_artifacts.Examples],
    config: Parameter[str],
    version: Parameter[str],
    evaluation: OutputArtifact[CatalogueEvaluation],
) -> None:
    """Evaluate.

    Args:
        tables: The tables on the data contract.
        model: The exported servable.
        rows: Pairs of user and candidate with labels, for the ranker's probabilities.
        config: The parts of `Config` that the evaluation reads, as JSON. Of the versions pushed under its `run_dir`
            the newest one that is older than the model is the last blessed. It is no input of the cache: what a
            model was compared with when it was made does not change.
        version: Hash of the code.
        evaluation: The results, see `tfx_pipeline.catalogue_evaluation`.
    """
    del version
    folder, settings = Path(tables.uri), Config.model_validate_json(config)
    events = EvaluationEvents(folder, read_split(folder, settings.split))

    def served(path: Path) -> ServedRanker:
        return ServedRanker(str(path), events.item_ids, events.event_type_names, settings.history.length)

    path = Path(path_utils.serving_model_path(model.uri))
    ours = served(path)
    last = last_version_before(settings.serving_dir, int((path / VERSION_FILE).read_text(encoding="utf-8")))
    evaluator = WindowEvaluator(folder, events, settings, ours, _load_last_blessed(last, served))
    most = settings.evaluation.most_users
    cases = {window: events.cases(window).sample(most, settings.seed) for window in (EVAL, TEST)}
    windows = tuple(evaluator.evaluate(window, cases[window]) for window in cases)
    files = [Path(uri) for uri in sorted(Path(artifact_utils.get_split_uri([rows], "eval")).iterdir())]
    pairs = read_labelled_pairs(files, list(settings.objectives))
    documents = read_documents(folder)

    def search(window: str) -> SearchQuality | None:
        cases = search_cases(folder, events, window, settings.evaluation.search_queries, settings.seed)
        bootstrap = EvaluationSettings(rounds=settings.evaluation.bootstrap_rounds, seed=settings.seed)
        return measure_search(window, ours, cases, documents, settings.evaluation.cutoffs, bootstrap)

    result = CatalogueResult(
        windows=windows,
        ranker=score_ranker(ours, pairs, settings.evaluation.bootstrap_rounds, settings.seed),
        examples=example_users(ours, events, cases[TEST], read_titles(path), settings.evaluation.example_users),
        exploration=measure_exploration(
            ours, cases[TEST], settings.evaluation.cutoffs[0], settings.bandit.policy, settings.seed
        ),
        searches=tuple(found for window in cases if (found := search(window)) is not None),
    )
    write_result(result, Path(evaluation.uri))


def _load_last_blessed(path: Path | None, load: Callable[[Path], ServedRanker]) -> ServedRanker | None:
    try:
        return None if path is None else load(path)
    except Exception as error:
        # Whatever is wrong with it, the new model cannot be compared, and only a person can say whether that matters.
        reason = " ".join(str(error).split())
        advice = "remove that version if it is broken"
        raise PipelineError(f"{path}: the last blessed model cannot be loaded ({reason}); {advice}") from error
