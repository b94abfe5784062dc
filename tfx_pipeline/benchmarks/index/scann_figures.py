"""ScaNN's own figures on the same generated vectors, where it is installed."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tfx_pipeline.benchmarks.bandit.peer_environment import PEER_PYTHON
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.index.vectors import clustered_vectors

PYTHON_VARIABLE = "SHOPRANK_SCANN_PYTHON"
"""Names a Python that has ScaNN; by default that of the benchmarks' environment."""

_PROGRAM = Path(__file__).with_name("scann_peer.py")
_QUERIES = 1024


def scann_figures(items: int) -> Iterator[Figure]:
    """Recall and latency of ScaNN 1.4 over `clustered_vectors`, one query at a time."""
    name = f"{items:,} clustered, ScaNN"
    with TemporaryDirectory() as folder:
        vectors = clustered_vectors(items, _QUERIES)
        np.save(Path(folder) / "items.npy", vectors.items)
        np.save(Path(folder) / "queries.npy", vectors.queries[_QUERIES // 2 :])
        python = os.environ.get(PYTHON_VARIABLE, str(PEER_PYTHON))
        try:
            ran = subprocess.run([python, str(_PROGRAM), folder], capture_output=True, text=True, check=False)
        except OSError as error:
            yield Figure(name, None, "ms", None, None, f"not measured: {error}")
            return
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        yield Figure(name, None, "ms", None, None, f"not measured: {last}; {PYTHON_VARIABLE} names a Python with it")
        return
    for point in json.loads(ran.stdout):
        how = f"its NumPy interface, {point['leaves']} leaves read, recall@100 {point['recall']:.4f}"
        yield Figure.shown(f"{name}, {point['leaves']} leaves read", point["milliseconds"], "ms", f"median; {how}")
