"""How good the probabilities of the served rankers are, on the rows that a run kept for it."""

from collections.abc import Sequence

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.loaded_model import LoadedModel
from tfx_pipeline.evaluate.results import RankerScore


def score_rankers(
    models: Sequence[LoadedModel], data: EvaluationData, rounds: int, seed: int
) -> tuple[tuple[RankerScore, ...], list[str]]:
    """Score the probabilities of the models that give some; the rows are of the eval window.

    Args:
        models: The models.
        data: Names the window, and the rows if there are any.
        rounds: Bootstrap rounds; 0 for no interval.
        seed: Seed of the resampling.

    Returns:
        A score for each model and objective that both the model and the rows have, and notes on what is not there.
    """
    rows = data.ranker_rows
    scorers = {
        model.source.name: model.score_probabilities for model in models if model.score_probabilities is not None
    }
    if rows is None or not scorers:
        return (), []
    if data.window != "eval":
        return (), ["the ranker's rows are of the eval window: --window eval scores its probabilities"]
    scores, notes = [], []
    for name, scorer in scorers.items():
        try:
            scores += [RankerScore(name, score) for score in scorer(rows, rounds, seed)]
        except ValueError as error:
            notes.append(f"{name}: the probabilities of its ranker are not scored: {error}")
    return tuple(scores), notes
