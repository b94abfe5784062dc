"""An exported SavedModel as a model: its signatures are called as a server would call them."""

from functools import cached_property
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.model_source import SAVED_MODEL_FILE
from tfx_pipeline.evaluate.ranker_rows import RankerRows
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.ranker_scores import read_labelled_pairs, score_ranker
from tfx_pipeline.served_ranker import ServedRanker
from tfx_pipeline.sources.errors import DataError

_NEEDED = ("recommend", "rank")


class SavedModel:
    """Ranks the catalogue by `recommend`, and scores given items by `rank`."""

    def __init__(self, folder: Path, data: EvaluationData) -> None:
        """Look at a model; it is loaded when it is first asked.

        Args:
            folder: Where it is.
            data: Says what the rows and numbers of the cases stand for, and how long a history the model looks at.

        Raises:
            DataError: It is no SavedModel, or has not the signatures of a servable.
        """
        self._folder, self._data = str(folder), data
        self._objectives = check_signatures(folder)

    def rank(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The slates of `recommend`."""
        return self._ranker(cases, k, new_only)

    def score(self, cases: EvaluationCases, candidates: Ragged) -> Ragged:
        """The utility of given items; C lists to C lists of float32."""
        return Ragged(self._ranker.utility(cases, candidates), candidates.offsets)

    def score_probabilities(self, rows: RankerRows, rounds: int, seed: int) -> tuple[ProbabilityScores, ...]:
        """Score the probabilities of the objectives that both the model and the rows have.

        Raises:
            ValueError: What the model gives is no probability.
        """
        shared = [objective for objective in rows.objectives if objective in self._objectives]
        if not shared:
            return ()
        return score_ranker(self._ranker, read_labelled_pairs(rows.files, shared), rounds, seed)

    @cached_property
    def _ranker(self) -> ServedRanker:
        data = self._data
        return ServedRanker(self._folder, data.item_ids, data.event_type_names, data.history_length)


def check_signatures(folder: Path) -> set[str]:
    """Look at a model without loading it.

    Returns:
        The outputs of `rank`: the objectives and the utility.

    Raises:
        DataError: It is no SavedModel, or has not the signatures of a servable.
    """
    path = folder / SAVED_MODEL_FILE
    try:
        stored = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except DecodeError as error:
        raise DataError(f"{path}: not a SavedModel") from error
    signatures = {name: each for graph in stored.meta_graphs for name, each in graph.signature_def.items()}
    missing = [name for name in _NEEDED if name not in signatures]
    if missing:
        raise DataError(f"{folder}: the SavedModel has no signature {' and no '.join(missing)}")
    return set(signatures["rank"].outputs)
