"""The exported SavedModel as a ranker of evaluation cases: it is asked as a client would ask it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from trainer.progress import report_progress

_BATCH = 64
_HISTORY = ("history_item_ids", "history_event_types", "history_ages")


@dataclass(frozen=True, eq=False)
class Slates:
    """Answers of `recommend`, one slate a case.

    Attributes:
        items: Item rows, best first, -1 behind the last one; [C, K] int32.
        scores: What the slate is ordered by, -inf behind the last item; [C, K] float32.
        propensities: Chance that the policy had of putting the item there; [C, K] float32.
        sources: Where each candidate came from, as bytes; [C, K].
    """

    items: np.ndarray
    scores: np.ndarray
    propensities: np.ndarray
    sources: np.ndarray


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
        self._row_of = {item: row for row, item in enumerate(self._item_ids[:-1])} | {b"": PAD}
        self._history_length = history_length

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank by the greedy policy.

        Args:
            cases: The users.
            k: Items wanted.
            new_only: Whether the items of the history are excluded.
        """
        slates = self.slates(cases, k, new_only=new_only)
        return Rankings(slates.items, slates.scores)

    def slates(self, cases: EvaluationCases, k: int, policy: str = "greedy", new_only: bool = False) -> Slates:
        """The answers to all cases; those of a policy that draws have the number of the case as seed."""
        starts = range(0, len(cases), _BATCH)
        parts = []
        for start in starts:
            seeds = np.arange(start, min(start + _BATCH, len(cases)))
            parts.append(self._ask(cases[start : start + _BATCH], k, policy, seeds, new_only))
            report_progress(f"users answered by {policy}", int(seeds[-1]) + 1, len(cases))
        if not parts:
            return Slates(*(np.zeros((0, k), kind) for kind in (np.int32, np.float32, np.float32, object)))
        return Slates(*(np.concatenate(arrays) for arrays in zip(*map(_arrays, parts), strict=True)))

    def search(self, queries: Sequence[str], k: int) -> Rankings:
        """The greedy answers to strangers who type these queries; [Q, k]."""
        slates = [
            self._asked_by_strangers(queries[start : start + _BATCH], k) for start in range(0, len(queries), _BATCH)
        ]
        if not slates:
            return Rankings(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32))
        items, scores = (np.concatenate([getattr(slate, name) for slate in slates]) for name in ("items", "scores"))
        return Rankings(items, scores)

    def probabilities(self, users: np.ndarray, items: np.ndarray) -> dict[str, np.ndarray]:
        """Probability of each objective, and the utility, of pairs of a user and an item; the user store is asked.

        Args:
            users: User ids as bytes, pairs of one user next to each other; [N].
            items: Item ids as bytes; [N].

        Returns:
            Name -> float32 [N].
        """
        starts = np.flatnonzero(np.append(True, users[1:] != users[:-1]))
        lengths = np.diff(np.append(starts, len(users)))
        candidates = np.full((len(starts), lengths.max(initial=1)), b"", dtype=object)
        owners = np.repeat(np.arange(len(starts)), lengths)
        columns = np.arange(len(users)) - np.repeat(starts, lengths)
        candidates[owners, columns] = items
        parts = [
            self._rank(users[starts[first : first + _BATCH]], candidates[first : first + _BATCH])
            for first in range(0, len(starts), _BATCH)
        ]
        return {name: np.concatenate([part[name] for part in parts])[owners, columns] for name in parts[0]}

    def utility(self, cases: EvaluationCases, candidates: Ragged) -> np.ndarray:
        """The utility of given items, by `rank` with the histories of the cases.

        Args:
            cases: The users.
            candidates: Item rows; C lists.

        Returns:
            Utility of each candidate, list after list; float32 [M].
        """
        parts = [np.zeros(0, np.float32)]
        for start in range(0, len(cases), _BATCH):
            part = cases[start : start + _BATCH]
            asked = candidates.take(np.arange(start, start + len(part)))
            names = _strings(asked, self._item_ids)
            answer = self._rank(_bytes(part.user_ids), names, self._history(part))
            parts.append(answer["utility"][np.arange(names.shape[1]) < asked.lengths[:, None]])
        return np.concatenate(parts)

    def _rank(
        self,
        users: np.ndarray,
        candidates: np.ndarray,
        history: dict[str, tf.Tensor] | None = None,
    ) -> dict[str, np.ndarray]:
        answer = call_signature(
            self._model,
            "rank",
            user_id=tf.constant(users),
            **(history or _stored_history(len(users))),
            query=tf.fill([len(users)], ""),
            candidate_item_ids=tf.constant(candidates),
        )
        return {name: values.numpy() for name, values in answer.items()}

    def _ask(self, cases: EvaluationCases, k: int, policy: str, seeds: np.ndarray, new_only: bool) -> Slates:
        filters = no_filters(len(cases))
        if new_only:
            filters["exclude_item_ids"] = tf.constant(_strings(_distinct(cases), self._item_ids))
        answer = call_signature(
            self._model,
            "recommend",
            user_id=tf.constant(_bytes(cases.user_ids)),
            **self._history(cases),
            query=tf.fill([len(cases)], ""),
            **filters,
            k=tf.fill([len(cases)], k),
            policy=tf.fill([len(cases)], policy),
            seed=tf.constant(seeds, tf.int64),
        )
        return self._slates(answer, k)

    def _asked_by_strangers(self, queries: Sequence[str], k: int) -> Slates:
        count = len(queries)
        answer = call_signature(
            self._model,
            "recommend",
            user_id=tf.fill([count], ""),
            **_stored_history(count),
            query=tf.constant(list(queries)),
            **no_filters(count),
            k=tf.fill([count], k),
            policy=tf.fill([count], "greedy"),
            seed=tf.zeros([count], tf.int64),
        )
        return self._slates(answer, k)

    def _history(self, cases: EvaluationCases) -> dict[str, tf.Tensor]:
        """The latest events of each case as inputs of a signature, [C, H] each."""
        latest = _latest(cases.history, self._history_length)
        shape, _ = _columns_of(latest)
        kinds, ages = np.full(shape, b"", dtype=object), np.zeros(shape, np.float32)
        if cases.event_types is not None:
            kinds = _strings(_latest(cases.event_types, self._history_length), self._event_types)
        if cases.ages is not None:
            days = _latest(cases.ages, self._history_length)
            ages[days.owners, _columns_of(days)[1]] = days.values
        items = _strings(latest, self._item_ids)
        sides = (items, kinds, ages)
        return {name: tf.constant(side) for name, side in zip(_HISTORY, sides, strict=True)}

    def _slates(self, answer: Mapping[str, tf.Tensor], k: int) -> Slates:
        # An older model may still name items that left the catalogue; nobody can take them.
        rows = [[self._row_of.get(item, PAD) for item in slate] for slate in answer["item_ids"].numpy()]
        # A small shop has fewer candidates than k.
        missing = ((0, 0), (0, k - answer["item_ids"].shape[1]))
        items = np.pad(np.array(rows, np.int32), missing, constant_values=PAD)
        closed_up = np.argsort(items == PAD, axis=1, kind="stable")

        def ordered(values: np.ndarray, padding: float | bytes) -> np.ndarray:
            padded = np.pad(values, missing, constant_values=padding)
            return np.where(items == PAD, padding, padded)[np.arange(len(items))[:, None], closed_up]

        return Slates(
            items=np.take_along_axis(items, closed_up, axis=1),
            scores=ordered(answer["scores"].numpy(), -np.inf).astype(np.float32),
            propensities=ordered(answer["propensities"].numpy(), 0.0).astype(np.float32),
            sources=ordered(answer["sources"].numpy(), b""),
        )


def call_signature(model: Any, signature: str, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Call a signature of a loaded SavedModel with those of the inputs that it has.

    Models that were pushed before histories had ages, or requests filters, are still compared with.
    """
    function = model.signatures[signature]
    known = function.structured_input_signature[1]
    answer: dict[str, tf.Tensor] = function(**{name: value for name, value in inputs.items() if name in known})
    return answer


def no_filters(count: int) -> dict[str, tf.Tensor]:
    """Inputs that let requests be answered from the whole catalogue."""
    nothing, unbounded = tf.fill([count, 1], ""), tf.fill([count], np.nan)
    lists = {"exclude_item_ids": nothing, "allow_item_ids": nothing}
    return lists | {"category": tf.fill([count], ""), "lowest_price": unbounded, "highest_price": unbounded}


def _stored_history(count: int) -> dict[str, tf.Tensor]:
    """Inputs that leave the history to the user store."""
    nothing = tf.fill([count, 1], "")
    return dict(zip(_HISTORY, (nothing, nothing, tf.zeros([count, 1])), strict=True))


def _arrays(slates: Slates) -> tuple[np.ndarray, ...]:
    return slates.items, slates.scores, slates.propensities, slates.sources


def _with_padding(names: np.ndarray) -> np.ndarray:
    """Names as bytes, and '' as the last one."""
    return np.append(_bytes(names), b"")


def _bytes(names: Iterable[str]) -> np.ndarray:
    return np.array([name.encode() for name in names], dtype=object)


def _strings(lists: Ragged, names: np.ndarray) -> np.ndarray:
    """Names as a table, '' behind the last one of each list; at least one column."""
    shape, column = _columns_of(lists)
    table = np.full(shape, len(names) - 1)
    table[lists.owners, column] = lists.values
    return names[table]


def _columns_of(lists: Ragged) -> tuple[tuple[int, int], np.ndarray]:
    """Shape of a table of lists, and the column of each value in it."""
    shape = (len(lists), max(int(lists.lengths.max(initial=0)), 1))
    return shape, np.arange(len(lists.values)) - np.repeat(lists.offsets[:-1], lists.lengths)


def _latest(lists: Ragged, length: int) -> Ragged:
    from_end = np.repeat(lists.offsets[1:], lists.lengths) - np.arange(len(lists.values))
    return lists.keep(from_end <= length)


def _distinct(cases: EvaluationCases) -> Ragged:
    _, first = np.unique(cases.keys(cases.history), return_index=True)
    keep = np.zeros(len(cases.history.values), bool)
    keep[first] = True
    return cases.history.keep(keep)
