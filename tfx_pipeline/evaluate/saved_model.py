"""An exported SavedModel as a model: its signatures are called as a server would call them."""

from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.model_source import SAVED_MODEL_FILE
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.served_ranker import ServedRanker
from tfx_pipeline.sources.errors import DataError

_BATCH = 64
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
        parts = [np.zeros(0, np.float32)]
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            asked = candidates.take(np.arange(start, start + len(part)))
            utility = self._utility(part, asked)
            parts.append(utility[np.arange(utility.shape[1]) < asked.lengths[:, None]])
        return Ragged(np.concatenate(parts).astype(np.float32), candidates.offsets)

    @cached_property
    def _ranker(self) -> ServedRanker:
        data = self._data
        return ServedRanker(self._folder, data.item_ids, data.event_type_names, data.history_length)

    @cached_property
    def _model(self) -> tf.Module:
        import tensorflow_text  # noqa: F401  registers the ops of the tokenizer

        return tf.saved_model.load(self._folder)

    @cached_property
    def _item_ids(self) -> np.ndarray:
        return np.array([*(item.encode() for item in self._data.item_ids), b""], dtype=object)

    def _utility(self, cases: EvaluationCases, asked: Ragged) -> np.ndarray:
        answer = self._model.signatures["rank"](
            user_id=tf.constant([user.encode() for user in cases.user_ids]),
            history_item_ids=tf.constant(self._names(_latest(cases.history, self._data.history_length))),
            history_event_types=tf.fill([len(cases), 1], ""),
            query=tf.fill([len(cases)], ""),
            candidate_item_ids=tf.constant(self._names(asked)),
        )
        utility: np.ndarray = answer["utility"].numpy()
        return utility

    def _names(self, lists: Ragged) -> np.ndarray:
        """Ids as a table, '' behind the last one of each list; at least one column."""
        width = max(1, int(lists.lengths.max(initial=0)))
        table = np.full((len(lists), width), len(self._item_ids) - 1)
        table[np.arange(width) < lists.lengths[:, None]] = lists.values
        return self._item_ids[table]


def _signature_names(path: Path) -> set[str]:
    try:
        stored = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except DecodeError as error:
        raise DataError(f"{path}: not a SavedModel") from error
    return {name for graph in stored.meta_graphs for name in graph.signature_def}


def _latest(lists: Ragged, length: int) -> Ragged:
    from_end = np.repeat(lists.offsets[1:], lists.lengths) - np.arange(len(lists.values))
    return lists.keep(from_end <= length)
