"""Vectors of items and queries that indexes are measured on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIMENSION = 64
_SEED = 8
_ITEMS_A_CLUSTER = 400
_SPREAD = 0.6
_NEIGHBOURS = 10
_CHUNK = 512


@dataclass(frozen=True)
class Vectors:
    """Unit vectors.

    Attributes:
        items: float32 [V, 64].
        queries: Those that the parameters are chosen by and the recall is measured with, float32 [Q, 64].
    """

    items: np.ndarray
    queries: np.ndarray


def clustered_vectors(items: int, queries: int) -> Vectors:
    """Gaussian clusters of unequal size on the unit sphere, about 400 items each; queries are drawn as items are."""
    random = np.random.default_rng(_SEED)
    clusters = max(1, items // _ITEMS_A_CLUSTER)
    centres = random.standard_normal((clusters, DIMENSION), dtype=np.float32)
    owners = random.choice(clusters, items + queries, p=random.dirichlet(np.full(clusters, 2.0)))
    noise = random.standard_normal((items + queries, DIMENSION), dtype=np.float32)
    vectors = _unit(centres[owners] + _SPREAD * noise)
    return Vectors(vectors[:items], vectors[items:])


def trained_vectors(run_dir: Path) -> Vectors:
    """Item vectors of the two-tower model of a run, and the query vectors of its users.

    Raises:
        PipelineError: The run has no such model.
    """
    from tfx_pipeline.errors import PipelineError
    from trainer.damaged_files import DamagedFileError
    from trainer.index.user_queries import user_queries
    from trainer.query_encoder import QueryEncoder
    from trainer.retrieval_package import RetrievalPackage

    folders = sorted((run_dir / "tfx" / "TowerTrainer" / "model").glob("*/Format-Serving"))
    if not folders:
        raise PipelineError(f"{run_dir} has no two-tower model; run `shoprank demo` first")
    try:
        package = RetrievalPackage.load(folders[-1])
    except DamagedFileError as error:
        raise PipelineError(str(error)) from error
    return Vectors(package.preferences()[:-1], user_queries(QueryEncoder(package.towers), package.users))


def enlarged(vectors: Vectors, items: int) -> Vectors:
    """More items among those that there are: each new one lies between an item and one of its 10 nearest.

    It keeps the shape of what was trained, and makes it denser. The queries stay.
    """
    random = np.random.default_rng(_SEED)
    known = len(vectors.items)
    if items <= known:
        return vectors
    near = _neighbours(vectors.items)
    first = random.integers(known, size=items - known)
    second = near[first, random.integers(near.shape[1], size=len(first))]
    part = random.random((len(first), 1), dtype=np.float32)
    new = _unit(vectors.items[first] * (1 - part) + vectors.items[second] * part)
    return Vectors(np.concatenate([vectors.items, new]), vectors.queries)


def _neighbours(items: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    wanted = min(_NEIGHBOURS + 1, len(items))
    found = [
        tf.math.top_k(tf.matmul(items[start : start + _CHUNK], items, transpose_b=True), wanted).indices[:, 1:]
        for start in range(0, len(items), _CHUNK)
    ]
    return np.concatenate(found)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
