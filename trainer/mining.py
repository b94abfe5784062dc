"""Candidate mining: what the retrieval stage would have offered each case, with features and labels, for the ranker."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.position_tower import UNKNOWN_POSITION
from trainer.progress import report_progress
from trainer.pseudo_queries import answers_query, draw_query
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph
from trainer.user_events import UserEvents, ages_at, last_events

_ASKED = ("users", "history", "event_types", "ages", "queries", "texts")
"""What the graph is asked with, in the order of `encode_cases`."""


@dataclass(frozen=True)
class Cases:
    """C requests with the answers that came true.

    Attributes:
        numbers: Number of the example behind each case, int64 [C].
        users: Rows of the users, int64 [C].
        history: Catalogue rows, oldest first, -1 pads, int32 [C, H].
        event_types: In parallel, int32 [C, H].
        ages: Days from each event to the request, float32 [C, H].
        queries: Texts, '' for none, str [C].
        texts: Their unit vectors, zeros for none, float32 [C, T].
        targets: For each objective, sorted keys `number * (V + 1) + row` of the items that got its event.
    """

    numbers: np.ndarray
    users: np.ndarray
    history: np.ndarray
    event_types: np.ndarray
    ages: np.ndarray
    queries: np.ndarray
    texts: np.ndarray
    targets: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.users)

    def take(self, part: slice) -> "Cases":
        """Some of the cases."""
        arrays = ("numbers", "users", "history", "event_types", "ages", "queries", "texts")
        return replace(self, **{name: getattr(self, name)[part] for name in arrays})

    def asked(self, part: slice) -> list[np.ndarray]:
        """What the graph is asked with for some of the cases, in the order of `encode_cases`."""
        return [getattr(self, name)[part] for name in _ASKED]

    def as_strangers(self, unknown_user: int) -> "Cases":
        """The same cases as if nobody had ever seen their users.

        Args:
            unknown_user: Row of the unknown user, U.
        """
        nothing = np.full_like(self.history, -1)
        users = np.full_like(self.users, unknown_user)
        ages = np.full_like(self.ages, -1)
        return replace(self, users=users, history=nothing, event_types=nothing, ages=ages)


@dataclass(frozen=True)
class MinedCase:
    """The candidates of one case, and the latest events of its history.

    Attributes:
        rows: Catalogue rows of the candidates, int32 [N].
        features: float32 [N, F].
        labels: float32 [N, O].
        positions: Slots that they were shown in, from 0, -1 for what was not shown, int16 [N].
        events: Catalogue rows of the latest events, oldest first, int32 [L].
        ages: Days from each of them to the request, float32 [L].
    """

    rows: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    events: np.ndarray
    ages: np.ndarray


def cases_of(
    events: UserEvents,
    length: int,
    items: int,
    objectives: dict[str, list[int]],
    text_size: int,
    asked_at: np.ndarray,
) -> Cases:
    """Cases without a query, one for each example.

    Args:
        events: Examples with history and targets.
        length: History that the model looks at, H.
        items: Items in the catalogue, V.
        objectives: Rows of the event types of each objective.
        text_size: Length of the text vectors, T.
        asked_at: Moment of each request, epoch seconds, [E].
    """
    keys = events.owners * (items + 1) + events.items
    targets = [np.unique(keys[events.is_target & np.isin(events.event_types, kinds)]) for kinds in objectives.values()]
    return Cases(
        numbers=np.arange(len(events)),
        users=events.users,
        history=last_events(events.items, events, length),
        event_types=last_events(events.event_types, events, length),
        ages=last_events(ages_at(asked_at, events), events, length),
        queries=np.full(len(events), "", dtype=object),
        texts=np.zeros((len(events), text_size), np.float32),
        targets=targets,
    )


def add_queries(cases: Cases, catalogue: Catalogue, seed: int) -> np.ndarray:
    """A known-item query for each case: words of the title of one of its targets; str [C]."""
    random = np.random.default_rng(seed)
    width = len(catalogue) + 1
    keys = np.unique(np.concatenate(cases.targets))
    starts, ends = (np.searchsorted(keys, (cases.numbers + shift) * width) for shift in (0, 1))
    titles = np.append(catalogue.titles, "")
    queries = np.full(len(cases), "", dtype=object)
    for case, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if end > start:
            queries[case] = draw_query(titles[keys[random.integers(start, end)] % width], random)
    return queries


def mine(
    graph: RetrievalGraph,
    cases: Cases,
    catalogue: Catalogue,
    new_only: bool = False,
    attended_events: int = 0,
    batch: int = 32,
) -> Iterator[MinedCase]:
    """Candidates, features and labels of each case, in order.

    A candidate is positive for an objective if it got that objective's event and, where the case has a query, its
    title has all words of the query.

    Args:
        graph: Where candidates and features come from.
        cases: The requests.
        catalogue: The items.
        new_only: Whether the items of the history are excluded, as a request that wants something new does.
        attended_events: Latest events that go with each case.
        batch: Cases that are computed together.
    """
    collect = tf.function(partial(_collect, graph, new_only)).get_concrete_function(*case_specification(cases))
    titles = np.append(catalogue.titles, "")
    for start in range(0, len(cases), batch):
        part = slice(start, start + batch)
        rows, valid, features = (tensor.numpy() for tensor in collect(*map(tf.constant, cases.asked(part))))
        for offset in range(len(rows)):
            kept = rows[offset][valid[offset]]
            labels = _labels(cases, start + offset, kept, titles)
            unshown = np.full(len(kept), UNKNOWN_POSITION, np.int16)
            latest = latest_of_case(cases, start + offset, attended_events)
            yield MinedCase(kept, features[offset][valid[offset]], labels, unshown, *latest)
        report_progress("mining candidates", start + len(rows), len(cases))


def request_times(events: UserEvents, each_by_itself: bool) -> np.ndarray:
    """The moments that cases stand for, epoch seconds, [E].

    Args:
        events: Examples with history and targets.
        each_by_itself: Whether each case is asked when its own first target comes; else all are asked at the start of
            their window, for which the first target of all stands. A case without a target is asked after its last
            event.
    """
    times = np.where(events.is_target, events.timestamps, np.iinfo(np.int64).max)
    first = np.minimum.reduceat(np.append(times, np.iinfo(np.int64).max), events.offsets[:-1])
    if not each_by_itself:
        return np.full(len(events), times.min(initial=np.iinfo(np.int64).max))
    last = events.timestamps[np.maximum(events.offsets[1:] - 1, 0)] if len(events.timestamps) else first
    has_target = np.bincount(events.owners, weights=events.is_target, minlength=len(events)) > 0
    return np.where(has_target, first, last)


def encode_cases(
    graph: RetrievalGraph,
    users: tf.Tensor,
    history: tf.Tensor,
    event_types: tf.Tensor,
    ages: tf.Tensor,
    queries: tf.Tensor,
    text: tf.Tensor,
) -> QuerySide:
    """The query side of B cases, from the arrays of `Cases` of the same names."""
    return graph.encoder.encode(users, history, event_types, ages, text, graph.search.scores(queries, text))


def _collect(graph: RetrievalGraph, new_only: bool, *of_cases: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    asked = encode_cases(graph, *of_cases)
    excluded = asked.history if new_only else asked.history[:, :0]
    candidates = graph.candidates.collect(asked, graph.allowed_without(excluded))
    return candidates.rows, candidates.valid, graph.features(asked, candidates.rows)


def case_specification(cases: Cases) -> list[tf.TensorSpec]:
    """Specifications of what `Cases.asked` gives, for batches of any size."""
    arrays = [getattr(cases, name) for name in _ASKED]
    kinds = [tf.string if array.dtype == object else array.dtype for array in arrays]
    return [tf.TensorSpec([None, *array.shape[1:]], kind) for array, kind in zip(arrays, kinds, strict=True)]


def latest_of_case(cases: Cases, case: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and ages of the latest events of a case; see `trainer.ranker_inputs.latest_events`."""
    end = np.count_nonzero(cases.history[case] >= 0)
    kept = slice(max(end - length, 0), end)
    return cases.history[case][kept], np.maximum(cases.ages[case][kept], 0)


def _labels(cases: Cases, case: int, rows: np.ndarray, titles: np.ndarray) -> np.ndarray:
    keys = cases.numbers[case] * len(titles) + rows
    labels = np.stack([_among(keys, targets) for targets in cases.targets], axis=1)
    if cases.queries[case]:
        labels &= answers_query(titles[rows], cases.queries[case])[:, np.newaxis]
    return labels.astype(np.float32)


def _among(keys: np.ndarray, increasing: np.ndarray) -> np.ndarray:
    """Whether each key is in a sorted array, bool [N]; `np.isin` would sort all of it again for every case."""
    if not len(increasing):
        return np.zeros(len(keys), bool)
    places = np.minimum(np.searchsorted(increasing, keys), len(increasing) - 1)
    return increasing[places] == keys
