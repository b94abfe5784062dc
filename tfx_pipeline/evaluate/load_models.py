"""The models of a request, ready to be asked."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.loaded_model import LoadedModel, connect, from_ranker
from tfx_pipeline.evaluate.model_items import users_of_towers
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.predictions_file import PredictionsFile, PredictionsRanker, check_some_user
from tfx_pipeline.evaluate.remote_ranker import RemoteRanker
from tfx_pipeline.evaluate.search_models import search_loaders
from tfx_pipeline.evaluation.baselines import baseline_rankers
from tfx_pipeline.evaluation.rankings import Ranker
from tfx_pipeline.sources.errors import DataError


def load_models(
    sources: Sequence[ModelSource],
    data: EvaluationData,
    predictions: Mapping[str, PredictionsFile],
    stack: ExitStack,
) -> list[LoadedModel]:
    """Load every model.

    Args:
        sources: What the models are.
        data: What they are asked about.
        predictions: The predictions files, which were read before.
        stack: Closes connections.

    Raises:
        DataError: There is nothing that a baseline could learn from, a file of predictions names no user, or a model
            cannot search although it has to.
    """
    names = [source.place for source in sources if source.kind == "baseline"]
    baselines = _baselines(names, data) if names and data.search is None else {}
    loaders: dict[str, Callable[[ModelSource], LoadedModel]] = {
        "saved model": partial(_saved_model, data=data),
        "model server": partial(_model_server, data=data, stack=stack),
        "Keras towers": partial(_towers, data=data),
        "predictions file": lambda source: _predictions(source, predictions[source.place], data),
        "baseline": lambda source: from_ranker(source, baselines[source.place]),
    }
    if data.search is not None:
        loaders |= search_loaders(data, data.search, stack)
    return [loaders[source.kind](source) for source in sources]


def _baselines(names: list[str], data: EvaluationData) -> dict[str, Ranker]:
    if data.interactions is None:
        raise DataError(f"--model {names[0]}: there is nothing to learn from; --train FILE names it")
    return dict(baseline_rankers(data.interactions, names, data.settings.ease_items))


def _saved_model(source: ModelSource, data: EvaluationData) -> LoadedModel:
    # TensorFlow takes seconds to import, and other models do without.
    from tfx_pipeline.evaluate.saved_model import SavedModel

    model = SavedModel(Path(source.place), data)
    return LoadedModel(source, model.rank, model.score, score_probabilities=model.score_probabilities)


def _model_server(source: ModelSource, data: EvaluationData, stack: ExitStack) -> LoadedModel:
    ranker = RemoteRanker(connect(source, stack), data)
    return LoadedModel(source, ranker, ranker.score, lambda: [f"{source.place}: {note}" for note in ranker.notes()])


def _towers(source: ModelSource, data: EvaluationData) -> LoadedModel:
    from tfx_pipeline.evaluate.towers_ranker import TowersRanker

    users = users_of_towers(Path(source.place))
    strangers = f"{source.name}: the run that trained the towers is not around, so all users are strangers to them"
    ranker = TowersRanker(Path(source.place), data.item_ids, users)
    return from_ranker(source, ranker, lambda: [] if users is not None else [strangers])


def _predictions(source: ModelSource, predictions: PredictionsFile, data: EvaluationData) -> LoadedModel:
    ranker = PredictionsRanker(predictions, data.catalogue)
    check_some_user(ranker, predictions.path, data.cases)
    notes = ranker.notes(data.cases)
    return from_ranker(source, ranker, lambda: notes)
