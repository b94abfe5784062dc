"""ScaNN over the vectors of a folder; run as a program by a Python that has it.

The folder holds `items.npy` and `queries.npy`. Prints a JSON list: leaves read, recall@100, milliseconds.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

_K, _ASKED = 100, 200
_LEAVES = (8, 32, 128)


def main(folder: Path) -> None:
    """Build, ask, print."""
    items, queries = np.load(folder / "items.npy"), np.load(folder / "queries.npy")[:_ASKED]
    leaves = round(2 * len(items) ** 0.5)
    builder = import_module("scann").scann_ops_pybind.builder(items, _K, "dot_product")
    builder = builder.tree(leaves, max(_LEAVES), training_sample_size=min(len(items), 250_000))
    searcher = builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(4 * _K).build()
    best = np.argpartition(-(queries @ items.T), _K, axis=1)[:, :_K]
    points = []
    for read in _LEAVES:
        seconds, hits = [], 0
        for query, truth in zip(queries, best, strict=True):
            start = time.perf_counter()
            found, _ = searcher.search(query, leaves_to_search=read)
            seconds.append(time.perf_counter() - start)
            hits += len(np.intersect1d(found, truth))
        milliseconds = float(np.median(seconds)) * 1e3
        points.append({"leaves": read, "recall": hits / best.size, "milliseconds": milliseconds})
    print(json.dumps(points))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
