"""The models of a request, ready to be asked."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from serving.client import ShopRankClient
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.model_items import users_of_towers
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.predictions_file import PredictionsFile, PredictionsRanker, check_some_user
from tfx_pipeline.evaluate.ranker_scorer import score_by_ranking
from tfx_pipeline.evaluate.remote_ranker import RemoteRanker
from tfx_pipeline.evaluation.baselines import baseline_rankers
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Ranker
from tfx_pipeline.sources.errors import DataError

Scorer = Callable[[EvaluationCases, Ragged], Ragged]
"""`scorer(cases, candidates)` gives each of the candidates of each case a score; C lists of float32."""

_SERVER_TIMEOUT = 60.0


@dataclass(frozen=True)
class LoadedModel:
    """A model that can be asked.

    Attributes:
        source: What it is.
        rank: Ranks the catalogue.
        score: Scores given candidates.
        notes: What a reader of its figures has to know, asked for when it has ranked.
    """

    source: ModelSource
    rank: Ranker
    score: Scorer
    notes: Callable[[], list[str]] = list


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
        DataError: There is nothing that a baseline could learn from, or a file of predictions names no user.
    """
    names = [source.place for source in sources if source.kind == "baseline"]
    baselines = _baselines(names, data) if names else {}
    loaders: dict[str, Callable[[ModelSource], LoadedModel]] = {
        "saved model": partial(_saved_model, data=data),
        "model server": partial(_model_server, data=data, stack=stack),
        "Keras towers": partial(_towers, data=data),
        "predictions file": lambda source: _predictions(source, predictions[source.place], data),
        "baseline": lambda source: _from_ranker(source, baselines[source.place]),
    }
    return [loaders[source.kind](source) for source in sources]


def _baselines(names: list[str], data: EvaluationData) -> dict[str, Ranker]:
    if data.interactions is None:
        raise DataError(f"--model {names[0]}: there is nothing to learn from; --train FILE names it")
    return dict(baseline_rankers(data.interactions, names, data.settings.ease_items))


def _from_ranker(source: ModelSource, ranker: Ranker, notes: Callable[[], list[str]] = list) -> LoadedModel:
    return LoadedModel(source, ranker, partial(score_by_ranking, ranker), notes)


def _saved_model(source: ModelSource, data: EvaluationData) -> LoadedModel:
    # TensorFlow takes seconds to import, and other models do without.
    from tfx_pipeline.evaluate.saved_model import SavedModel

    model = SavedModel(Path(source.place), data)
    return LoadedModel(source, model.rank, model.score)


def _model_server(source: ModelSource, data: EvaluationData, stack: ExitStack) -> LoadedModel:
    client = stack.enter_context(ShopRankClient(source.place, timeout=_SERVER_TIMEOUT))
    # A server that is not there should be told of before anything long starts.
    client.status()
    ranker = RemoteRanker(client, data)
    return LoadedModel(source, ranker, ranker.score, lambda: [f"{source.place}: {note}" for note in ranker.notes()])


def _towers(source: ModelSource, data: EvaluationData) -> LoadedModel:
    from tfx_pipeline.evaluate.towers_ranker import TowersRanker

    users = users_of_towers(Path(source.place))
    strangers = f"{source.name}: the run that trained the towers is not around, so all users are strangers to them"
    ranker = TowersRanker(Path(source.place), data.item_ids, users)
    return _from_ranker(source, ranker, lambda: [] if users is not None else [strangers])


def _predictions(source: ModelSource, predictions: PredictionsFile, data: EvaluationData) -> LoadedModel:
    ranker = PredictionsRanker(predictions, data.catalogue)
    check_some_user(ranker, predictions.path, data.cases)
    notes = ranker.notes(data.cases)
    return _from_ranker(source, ranker, lambda: notes)
