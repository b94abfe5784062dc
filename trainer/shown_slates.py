"""Slates of a feedback log as cases of the ranker: what was shown in which slot, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from trainer.mining import Cases, MinedCase, case_specification, encode_cases, latest_of_case
from trainer.progress import report_progress
from trainer.retrieval_graph import RetrievalGraph
from trainer.user_events import SECONDS_A_DAY, UserEvents

Padded = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ShownSlates:
    """Q slates, as they were asked for and shown.

    Attributes:
        user_ids: Who asked, [Q].
        queries: Search texts, '' for none, [Q].
        histories: Item ids, event types and ages in days of the history that was sent, oldest first; empty lists where
            the model was to take what it knew, [Q].
        timestamps: When they were shown, epoch seconds, int64 [Q].
        item_ids: The items of each slate, first slot first, [Q].
        labels: Whether each objective happened to each of them, float32 [Q][K, O].
    """

    user_ids: Sequence[str]
    queries: Sequence[str]
    histories: Sequence[tuple[Sequence[str], Sequence[str], Sequence[float]]]
    timestamps: np.ndarray
    item_ids: Sequence[Sequence[str]]
    labels: Sequence[np.ndarray]

    def __len__(self) -> int:
        return len(self.user_ids)


@dataclass(frozen=True)
class Vocabularies:
    """Rows of the shop's names; a name that is missing has the row after the last.

    Attributes:
        users: User id -> row.
        items: Item id -> catalogue row.
        event_types: Event type -> row.
        default_event_type: Row of an event without a type.
    """

    users: dict[str, int]
    items: dict[str, int]
    event_types: dict[str, int]
    default_event_type: int


def slate_cases(
    slates: ShownSlates,
    past: UserEvents,
    vocabularies: Vocabularies,
    length: int,
    encode: Callable[[list[str]], np.ndarray],
) -> Cases:
    """The requests of the slates, each with the history that came before it.

    Args:
        slates: What was shown.
        past: Events of users; of a user whose history was not sent, those before the slate are the history.
        vocabularies: Rows of names.
        length: History that the model looks at, H.
        encode: Unit text vectors of texts, str [Q] to float32 [Q, T].
    """
    users = np.array([vocabularies.users.get(user, len(vocabularies.users)) for user in slates.user_ids], np.int64)
    last_example = dict(zip(past.users.tolist(), range(len(past)), strict=True))
    columns = []
    for user, sent, time in zip(users.tolist(), slates.histories, slates.timestamps.tolist(), strict=True):
        known = _sent(sent, vocabularies) if len(sent[0]) else _before(time, past, last_example.get(user))
        columns.append([_padded(values, length) for values in known])
    history, event_types, ages = (np.stack(values) for values in zip(*columns, strict=True))
    queries = np.array(slates.queries, dtype=object)
    return Cases(
        numbers=np.arange(len(slates)),
        users=users,
        history=history.astype(np.int32),
        event_types=event_types.astype(np.int32),
        ages=ages.astype(np.float32),
        queries=queries,
        texts=(encode(queries.tolist()) * (queries != "")[:, np.newaxis]).astype(np.float32),
        targets=[],
    )


def mine_slates(
    graph: RetrievalGraph,
    cases: Cases,
    slates: ShownSlates,
    items: dict[str, int],
    attended_events: int = 0,
    batch: int = 32,
) -> Iterator[MinedCase]:
    """Features, labels and positions of what was shown, slate by slate; items that left the catalogue are left out.

    Args:
        graph: Where the features come from.
        cases: The requests of the slates.
        slates: What was shown.
        items: Item id -> catalogue row.
        attended_events: Latest events that go with each case.
        batch: Slates that are computed together.
    """
    specification = [*case_specification(cases), tf.TensorSpec([None, None], tf.int32)]
    features_of = tf.function(partial(_features, graph)).get_concrete_function(*specification)
    width = max((len(shown) for shown in slates.item_ids), default=0)
    rows = np.full((len(slates), width), -1, np.int32)
    for number, shown in enumerate(slates.item_ids):
        rows[number, : len(shown)] = [items.get(item, -1) for item in shown]
    for start in range(0, len(slates), batch):
        part = slice(start, start + batch)
        known = tf.constant(np.where(rows[part] < 0, len(items), rows[part]))
        features = features_of(*map(tf.constant, cases.asked(part)), known).numpy()
        for number, of_case in enumerate(features, start):
            slots = np.flatnonzero(rows[number] >= 0)
            latest = latest_of_case(cases, number, attended_events)
            labels = np.asarray(slates.labels[number], np.float32)[slots]
            yield MinedCase(rows[number][slots], of_case[slots], labels, slots.astype(np.int16), *latest)
        report_progress("features of shown slates", min(start + batch, len(slates)), len(slates))


def _features(graph: RetrievalGraph, *asked_and_rows: tf.Tensor) -> tf.Tensor:
    *asked, rows = asked_and_rows
    return graph.features(encode_cases(graph, *asked), rows)


def _sent(history: tuple[Sequence[str], Sequence[str], Sequence[float]], vocabularies: Vocabularies) -> Padded:
    """Rows, types and ages of the known items of a history that was sent."""
    kept = [
        (vocabularies.items[item], vocabularies.event_types.get(kind, len(vocabularies.event_types)), age)
        if kind
        else (vocabularies.items[item], vocabularies.default_event_type, age)
        for item, kind, age in zip(*history, strict=True)
        if item in vocabularies.items
    ]
    rows, kinds, ages = (np.array([row[column] for row in kept]) for column in range(3))
    return rows, kinds, ages


def _before(time: int, past: UserEvents, example: int | None) -> Padded:
    """Rows, types and ages of a user's events before a moment."""
    if example is None:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    part = slice(past.offsets[example], past.offsets[example + 1])
    earlier = past.timestamps[part] < time
    ages = (time - past.timestamps[part][earlier]) / SECONDS_A_DAY
    return past.items[part][earlier], past.event_types[part][earlier], ages


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    """The last values, -1 behind them; [length]."""
    kept = values[-length:]
    return np.concatenate([kept, np.full(length - len(kept), -1.0)])
