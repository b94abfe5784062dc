"""Diginetica: the next view of a session is to be found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.quality.data.own_first import OwnFirst
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.baselines import Transitions
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

_RULES = "rules, 1 / distance both ways, .7^age"
_LEARNING_CASES, _TEST_CASES, _SEED = 6_000, 12_000, 0


@dataclass(frozen=True, eq=False)
class Views:
    """The views of N sessions, ordered by session and then by time; sessions are numbered in the order of time.

    Attributes:
        sessions: Number of the session of each view, 0 to N - 1; int64 [E].
        items: Item row of each view; int64 [E].
        item_count: Items in the catalogue.
    """

    sessions: NDArray[np.int64]
    items: NDArray[np.int64]
    item_count: int


def load_diginetica(data_dir: Path) -> QualityData:
    """The last tenth of the sessions, to be found in; the tenth before it, to learn the mixture from.

    Args:
        data_dir: The folder of real data.

    Raises:
        DataError: The data are absent.
    """
    views = _read(data_dir / "diginetica" / "events.parquet")
    count = int(views.sessions[-1]) + 1
    test = session_snapshot(views, count * 9 // 10, count, _TEST_CASES)
    rules = Transitions(steps=10, decay=0.7, power=0.0, both_ways=True).fit(test.past.interactions)
    return QualityData(
        learning=[session_snapshot(views, count * 8 // 10, count * 9 // 10, _LEARNING_CASES)],
        test=test,
        baselines={
            _RULES: rules,
            "views of the session first, then rules": OwnFirst(rules.popularity, rules, Recency(None, 0.7)),
        },
    )


def session_snapshot(views: Views, start: int, end: int, most: int) -> Snapshot:
    """The sessions before `start`, to learn from, and views of the sessions from there to `end`, to be found.

    A case is a view that is not the first one of its session; its history are the views before it.

    Args:
        views: All views.
        start: The first session to be asked about.
        end: The session behind the last one.
        most: Cases, drawn at random from all there are.
    """
    known = views.sessions < start
    past = Past(Shop(views.item_count), views.sessions[known], views.items[known], start)
    first = np.searchsorted(views.sessions, views.sessions)
    asked = np.flatnonzero((views.sessions >= start) & (views.sessions < end) & (first < np.arange(len(first))))
    if len(asked) > most:
        asked = np.sort(np.random.default_rng(_SEED).choice(asked, most, replace=False))
    lengths = asked - first[asked]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - first[asked], lengths)
    items = views.items.astype(np.int32)
    cases = EvaluationCases(
        [f"view {place}" for place in asked],
        Ragged(items[places], offsets),
        Ragged(items[asked], np.arange(len(asked) + 1)),
        views.item_count,
    )
    return Snapshot(past, cases)


def _read(path: Path) -> Views:
    table = read_rows(path, ["user_id", "item_id", "seq"])
    sessions, places = (table[name].to_numpy().astype(np.int64) for name in ("user_id", "seq"))
    order = np.lexsort((places, sessions))
    ids, items = np.unique(table["item_id"].to_numpy(), return_inverse=True)
    return Views(sessions[order], items[order].astype(np.int64), len(ids))


DIGINETICA_TASK = QualityTask(
    name="diginetica next view",
    settings="diginetica_views",
    items="all",
    targets={},
    times_baseline={"HR@20": 1.06, "MRR@20": 1.06},
    protocol=f"{_TEST_CASES:,} views drawn from the last tenth of the sessions (seed {_SEED}), ranked among all items, "
    f"those of the session included; the mixture is learned from {_LEARNING_CASES:,} of the tenth before",
    load=load_diginetica,
    times_of=_RULES,
)
