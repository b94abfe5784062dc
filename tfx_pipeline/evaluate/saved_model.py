"""An exported SavedModel as a model: its signatures are called as a server would call them."""

from functools import cached_property
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.model_source import SAVED_MODEL_FILE
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
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
        missing = [name for name in _NEEDED if name not in _signature_names(folder / SAVED_MODEL_FILE)]
        if missing:
            raise DataError(f"{folder}: the SavedModel has no signature {' and no '.join(missing)}")

    def rank(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """The slates of `recommend`."""
        return self._ranker(cases, k, new_only)

    def score(self, cases: EvaluationCases, candidates: Ragged) -> Ragged:
        """The utility of given items; C lists to C lists of float32."""
        return Ragged(self._ranker.utility(cases, candidates), candidates.offsets)

    @cached_property
    def _ranker(self) -> ServedRanker:
        data = self._data
        return ServedRanker(self._folder, data.item_ids, data.event_type_names, data.history_length)


def _signature_names(path: Path) -> set[str]:
    try:
        stored = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except DecodeError as error:
        raise DataError(f"{path}: not a SavedModel") from error
    return {name for graph in stored.meta_graphs for name in graph.signature_def}
