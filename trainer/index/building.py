"""An index for a catalogue: its kind by the size, its parameters by the recall that is wished."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import tensorflow as tf

from trainer.index.exact import ExactIndex
from trainer.index.inverted_lists import InvertedLists
from trainer.index.ivf import IvfIndex
from trainer.index.list_vectors import Quantisation, list_vectors
from trainer.index.search_plan import SearchPlan, plan_search
from trainer.quantisation.vector_tables import SmallTable, VectorTable

IndexKind = Literal["auto", "exact", "ivf"]

EXACT_UP_TO = 200_000
"""Items up to which `auto` takes the exact index: it is fast enough there, and needs no time to be built."""

FLOATS_UP_TO = 4_000_000
"""Items up to which lists keep their vectors as they are; above, in one byte a value."""

INDEX_FILE = "index.json"
"""Beside a SavedModel: the `IndexReport` of its index."""

CUTOFF = 100
"""The k of the recall that is measured."""

_QUERIES = 512
_CHUNK = 32
_RESCORED = (2, 4, 8, 16, 32)
_MARGIN = 0.25


@dataclass(frozen=True)
class IndexSettings:
    """What an index should be like; None is chosen automatically.

    Attributes:
        kind: `auto` is `exact` up to `EXACT_UP_TO` items.
        recall: Wished share of the true best items among those found, in (0, 1].
        quantisation: What lists keep of a vector; None is `none` up to `FLOATS_UP_TO` items, and `int8` above.
        lists: Lists that k-means makes; None is 4 times the square root of the number of items.
        probes: Lists that every search reads.
        rescored: Items that are scored again with their own vectors, for each item wanted.
        seed: Of k-means.
    """

    kind: IndexKind = "auto"
    recall: float = 0.99
    quantisation: Quantisation | None = None
    lists: int | None = None
    probes: int | None = None
    rescored: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: One of them is not possible.
        """
        if self.kind not in ("auto", "exact", "ivf"):
            raise ValueError(f"index: auto, exact or ivf, not {self.kind!r}")
        if not 0 < self.recall <= 1:
            raise ValueError(f"index_recall: above 0 and at most 1, not {self.recall}")
        for name in ("lists", "probes", "rescored"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: at least 1, not {value}")


@dataclass(frozen=True)
class IndexReport:
    """What was built.

    Attributes:
        kind: `exact` or `ivf`.
        items: Items in it.
        lists: Number of lists; 0 for the exact index, as the following.
        quantisation: What they keep of a vector.
        depths: See `SearchPlan`.
        probes: See `SearchPlan`.
        rescored: See `SearchPlan`.
        bytes: Memory beside the vectors themselves.
        wished_recall: What was asked for.
        measured_recall: Recall at `CUTOFF` of queries that the parameters were not chosen by.
    """

    kind: Literal["exact", "ivf"]
    items: int
    lists: int = 0
    quantisation: str = "none"
    depths: tuple[int, ...] = ()
    probes: tuple[int, ...] = ()
    rescored: int = 1
    bytes: int = 0
    wished_recall: float = 1.0
    measured_recall: float = 1.0

    def save(self, path: Path) -> None:
        """Write the values as a JSON object."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def build_index(
    preferences: VectorTable,
    texts: VectorTable,
    queries: Callable[[], np.ndarray],
    settings: IndexSettings,
) -> tuple[ExactIndex, IndexReport]:
    """Build an index.

    Lists over vectors that are kept in fewer bytes are in one byte a value themselves, unless the settings name another
    quantisation.

    Args:
        preferences: Unit preference vectors of V items, float32 [V, D]; shared, not copied.
        texts: Unit text vectors, float32 [V, T]; shared, not copied.
        queries: Gives vectors like those of requests, float32 [Q, D]; only asked for an IVF index. Half of them choose
            the parameters, the others measure the recall.
        settings: What the index should be like.

    Returns:
        The index, an `IvfIndex` or an `ExactIndex`, and what it is like.
    """
    items = int(preferences.shape[0])
    exact = ExactIndex(preferences, texts)
    if settings.kind == "exact" or (settings.kind == "auto" and items <= EXACT_UP_TO):
        return exact, IndexReport("exact", items)
    vectors = preferences.numpy()
    lists = InvertedLists.of(vectors, min(items, settings.lists or round(4 * items**0.5)), settings.seed)
    if not isinstance(preferences, SmallTable):
        return build_ivf(exact, lists, queries(), settings)
    # The parameters are chosen on what the table stands for; then the index reads the table itself.
    unpacked = ExactIndex(tf.Variable(vectors, trainable=False), exact.texts)
    settings = replace(settings, quantisation=settings.quantisation or "int8")
    index, report = build_ivf(unpacked, lists, queries(), settings)
    index.preferences = preferences
    return index, report


def build_ivf(
    exact: ExactIndex, lists: InvertedLists, queries: np.ndarray, settings: IndexSettings
) -> tuple[IvfIndex, IndexReport]:
    """As `build_index`, from lists that are there already."""
    vectors = exact.preferences.numpy()
    choosing, measuring = _halves(queries, vectors, settings.seed)
    quantisation = settings.quantisation or ("none" if len(vectors) <= FLOATS_UP_TO else "int8")
    kept = list_vectors(quantisation, vectors, lists, settings.seed)
    index = IvfIndex(exact, lists, kept, _plan(exact.preferences, lists, choosing, settings, quantisation))
    if quantisation != "none":
        index.plan = _rescoring(index, choosing, settings)
    report = IndexReport(
        "ivf",
        len(vectors),
        index.list_count,
        quantisation,
        index.plan.depths,
        index.plan.probes,
        index.plan.rescored,
        _own_bytes(index),
        settings.recall,
        measured_recall(index, measuring),
    )
    return index, report


def measured_recall(index: ExactIndex, queries: np.ndarray, k: int = CUTOFF) -> float:
    """Share of the k exact best items of queries, float32 [Q, D], that the index finds; ties count as found."""
    items = int(index.preferences.shape[0])
    k = min(k, items)
    allowed, nothing = tf.ones([1, items], tf.bool), tf.zeros([1, 0])
    search = tf.function(lambda query: index.search(query, nothing, allowed, tf.constant(k))[1], autograph=False)
    found = []
    for start in range(0, len(queries), _CHUNK):
        some = queries[start : start + _CHUNK]
        best = tf.math.top_k(tf.matmul(some, index.preferences, transpose_b=True), k).values.numpy()
        last = best[:, -1:] * 0.5**0.5 - 1e-6
        found.append(np.concatenate([search(query) for query in some[:, np.newaxis]]) >= last)
    return float(np.mean(np.concatenate(found)))


def _halves(queries: np.ndarray, vectors: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Queries that choose and queries that measure; items stand in where nobody has ever asked."""
    random = np.random.default_rng(seed)
    if len(queries) < 2:
        queries = vectors[random.integers(len(vectors), size=_QUERIES)]
    queries = random.permutation(queries)[:_QUERIES]
    return queries[::2], queries[1::2]


def _plan(
    preferences: tf.Variable,
    lists: InvertedLists,
    queries: np.ndarray,
    settings: IndexSettings,
    quantisation: Quantisation,
) -> SearchPlan:
    rescored = settings.rescored or 1
    if settings.probes is not None:
        # Whoever sets the probes wants no other number of them for any k.
        return SearchPlan((int(tf.int32.max),), (min(settings.probes, len(lists.centroids)),), rescored)
    # Other queries than those that choose need a little more.
    recall = settings.recall + (1 - settings.recall) * _MARGIN
    if quantisation != "none":
        recall = (recall + 1) / 2
    return replace(plan_search(preferences, lists, queries, recall), rescored=rescored)


def _rescoring(index: IvfIndex, queries: np.ndarray, settings: IndexSettings) -> SearchPlan:
    """The plan with the fewest items scored again that give the wished recall."""
    if settings.rescored is not None:
        return index.plan
    for rescored in _RESCORED:
        index.plan = replace(index.plan, rescored=rescored)
        if measured_recall(index, queries) >= settings.recall + (1 - settings.recall) * _MARGIN:
            break
    return index.plan


def _own_bytes(index: IvfIndex) -> int:
    shared = {index.preferences.ref(), index.texts.ref()}
    own = [variable for variable in index.variables if variable.ref() not in shared]
    return sum(variable.shape.num_elements() * variable.dtype.size for variable in own)
