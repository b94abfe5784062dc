"""Our index and TensorFlow Recommenders' BruteForce layer over the same vectors, in turn."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

import numpy as np

from tfx_pipeline.benchmarks.index.vectors import Vectors
from tfx_pipeline.benchmarks.paired_ratio import Seconds, take_turns

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf
import tensorflow_recommenders as tfrs

from trainer.index.building import IndexReport, IndexSettings, build_ivf, measured_recall
from trainer.index.exact import ExactIndex
from trainer.index.inverted_lists import InvertedLists
from trainer.index.ivf import IvfIndex
from trainer.index.list_vectors import Quantisation
from trainer.index.search_plan import SearchPlan

K, BATCH = 100, 64
OURS, PEER, OUR_BATCH, PEER_BATCH = "ivf", "brute force", "ivf batch", "brute force batch"
_RECALL = 0.99


@dataclass(frozen=True)
class Point:
    """A point of the curve: lists read, recall@100, and the seconds of each turn of index and peer."""

    probes: int
    recall: float
    seconds: Seconds


@dataclass(frozen=True)
class Measured:
    """What was measured of one set of vectors.

    Attributes:
        items: Items.
        report: The index with its parameters chosen automatically.
        seconds: Of each turn, by `OURS`, `PEER`, `OUR_BATCH` and `PEER_BATCH`.
        curve: With set numbers of lists.
        quantised: The reports of the other kinds of lists.
    """

    items: int
    report: IndexReport
    seconds: Seconds
    curve: list[Point] = field(default_factory=list)
    quantised: list[IndexReport] = field(default_factory=list)


def measure_index(
    vectors: Vectors, rounds: int, probes: Sequence[int] = (), quantised: Sequence[Quantisation] = ()
) -> Measured:
    """Build the index, and time it in turns with the peer.

    Args:
        vectors: Items and queries; the second half of the queries is asked.
        rounds: Timed turns of single queries; a batch has a fifth of them, and at least 3.
        probes: Points of the curve.
        quantised: Other kinds of lists to build and report.
    """
    preferences = tf.Variable(vectors.items, trainable=False)
    exact = ExactIndex(preferences, tf.Variable(tf.zeros([len(vectors.items), 1]), trainable=False))
    lists = InvertedLists.of(vectors.items, round(4 * len(vectors.items) ** 0.5), seed=0)
    index, report = build_ivf(exact, lists, vectors.queries, IndexSettings("ivf", _RECALL))
    # On tables of their own, as each is served; neither warms the other's memory.
    layer = tfrs.layers.factorized_top_k.BruteForce(k=K).index(vectors.items)
    peer = tf.function(layer.call, autograph=False, reduce_retracing=True)
    queries = vectors.queries[len(vectors.queries) // 2 :]
    single = {OURS: _asks(_search(index), queries, 1), PEER: _asks(peer, queries, 1)}
    batch = {OUR_BATCH: _asks(_search(index), queries, BATCH), PEER_BATCH: _asks(peer, queries, BATCH)}
    seconds = take_turns(single, rounds) | take_turns(batch, max(3, rounds // 5))
    curve = [_point(index, peer, queries, number, rounds) for number in probes if number < index.list_count]
    others = [
        build_ivf(exact, lists, vectors.queries, IndexSettings("ivf", _RECALL, quantisation=kind))[1]
        for kind in quantised
    ]
    return Measured(len(vectors.items), report, seconds, curve, others)


def _point(index: IvfIndex, peer: Callable, queries: np.ndarray, probes: int, rounds: int) -> Point:
    chosen = index.plan
    index.plan = replace(SearchPlan((int(tf.int32.max),), (probes,), 1))
    recall = measured_recall(index, queries, K)
    seconds = take_turns({OURS: _asks(_search(index), queries, 1), PEER: _asks(peer, queries, 1)}, rounds)
    index.plan = chosen
    return Point(probes, recall, seconds)


def _search(index: ExactIndex) -> Callable[[tf.Tensor], object]:
    """The search with its mask of allowed items, as the servable asks for it."""
    allowed = {size: tf.ones([size, index.preferences.shape[0]], tf.bool) for size in (1, BATCH)}

    @tf.function(autograph=False, reduce_retracing=True)
    def search(queries: tf.Tensor, shown: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return index.search(queries, tf.zeros([tf.shape(queries)[0], 0]), shown, tf.constant(K))

    return lambda queries: search(queries, allowed[len(queries)])


def _asks(search: Callable[[tf.Tensor], object], queries: np.ndarray, size: int) -> Callable[[], object]:
    """A piece of work that asks the next queries each time, so that no answer is in a cache."""
    starts = cycle(range(0, max(1, len(queries) - size + 1), size))

    def ask() -> object:
        start = next(starts)
        rows = np.resize(queries[start : start + size], (size, queries.shape[1]))
        return search(tf.constant(rows))

    return ask
