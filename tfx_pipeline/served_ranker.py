"""The exported SavedModel as a ranker of evaluation cases: it is asked as a client would ask it."""

import numpy as np
import tensorflow as tf

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

_BATCH = 64


class ServedRanker:
    """Calls the `recommend` signature with the histories of the cases."""

    def __init__(
        self, saved_model: str, item_ids: np.ndarray, event_type_names: np.ndarray, history_length: int
    ) -> None:
        """Load a model.

        Args:
            saved_model: Folder of the SavedModel.
            item_ids: Ids by the rows that the cases use, str [V].
            event_type_names: Event types by the numbers that the cases use, str.
            history_length: Latest events of a case that are sent.
        """
        import tensorflow_text  # noqa: F401  registers the ops of the tokenizer

        self._model = tf.saved_model.load(saved_model)
        self._item_ids = _with_padding(item_ids)
        self._event_types = _with_padding(event_type_names)
        self._row_of = {item: row for row, item in enumerate(self._item_ids[:-1])} | {b"": -1}
        self._history_length = history_length

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> np.ndarray:
        """Rank by the greedy policy; int32 [C, k], -1 behind the last item.

        Args:
            cases: The users.
            k: Items wanted.
            new_only: Whether the items of the history are excluded.
        """
        parts = [self._rank(cases[start : start + _BATCH], k, new_only) for start in range(0, len(cases), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, k), np.int32)

    def _rank(self, cases: EvaluationCases, k: int, new_only: bool) -> np.ndarray:
        history = _strings(_latest(cases.history, self._history_length), self._item_ids)
        nothing = np.full((len(cases), 1), b"", dtype=object)
        exclude = _strings(_distinct(cases), self._item_ids) if new_only else nothing
        kinds = nothing
        if cases.event_types is not None:
            kinds = _strings(_latest(cases.event_types, self._history_length), self._event_types)
        answer = self._model.signatures["recommend"](
            user_id=tf.constant([user.encode() for user in cases.user_ids]),
            history_item_ids=tf.constant(history),
            history_event_types=tf.constant(kinds),
            query=tf.fill([len(cases)], ""),
            exclude_item_ids=tf.constant(exclude),
            k=tf.fill([len(cases)], k),
            policy=tf.fill([len(cases)], "greedy"),
            seed=tf.zeros([len(cases)], tf.int64),
        )
        slates = answer["item_ids"].numpy()
        rows = np.full((len(cases), k), -1, np.int32)
        # A small shop has fewer candidates than k.
        rows[:, : slates.shape[1]] = [[self._row_of[item] for item in slate] for slate in slates]
        return rows


def _with_padding(names: np.ndarray) -> np.ndarray:
    """Names as bytes, and '' as the last one."""
    return np.append(np.array([name.encode() for name in names], dtype=object), b"")


def _strings(lists: Ragged, names: np.ndarray) -> np.ndarray:
    """Names as a table, '' behind the last one of each list; at least one column."""
    table = np.full((len(lists), max(int(lists.lengths.max(initial=0)), 1)), len(names) - 1)
    column = np.arange(len(lists.values)) - np.repeat(lists.offsets[:-1], lists.lengths)
    table[lists.owners, column] = lists.values
    return names[table]


def _latest(lists: Ragged, length: int) -> Ragged:
    from_end = np.repeat(lists.offsets[1:], lists.lengths) - np.arange(len(lists.values))
    return lists.keep(from_end <= length)


def _distinct(cases: EvaluationCases) -> Ragged:
    _, first = np.unique(cases.keys(cases.history), return_index=True)
    keep = np.zeros(len(cases.history.values), bool)
    keep[first] = True
    return cases.history.keep(keep)
