"""The figures of the index: how much faster than an exact search, at what recall and memory."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.index.scann_figures import scann_figures
from tfx_pipeline.benchmarks.paired_ratio import paired_ratio, ratio_range
from tfx_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from tfx_pipeline.benchmarks.index.measured_index import Measured

RUN_DIR = Path("runs/demo")
ITEMS, QUERIES = 1_000_000, 1024
RECALL_TARGET, SINGLE_TARGET, BATCH_TARGET = 0.99, 20.0, 3.0

_ROUNDS = 50
_CURVE = (4, 16, 64, 256)
_CLUSTERED = "clustered vectors of equal dimension, generated with a fixed seed"
_PEER = "TensorFlow Recommenders' BruteForce layer in the same run, all cores of this process, k = 100"


def index_figures(data_dir: Path, run_dir: Path = RUN_DIR, items: int = ITEMS) -> Iterator[Figure]:
    """Measure the IVF index on generated vectors, and on those of a trained two-tower model.

    Args:
        data_dir: Not used: vectors are generated, or those of a run.
        run_dir: A run directory, such as `shoprank demo` makes.
        items: Size of the generated catalogue, and of the enlarged one.
    """
    del data_dir
    yield from _figures(f"{items:,} clustered", in_fresh_process(clustered, items), _CLUSTERED, True)
    yield from scann_figures(items)
    try:
        own, more = in_fresh_process(trained, run_dir, items)
    except PipelineError as error:
        yield Figure.absent("trained vectors, recall@100", "share", RECALL_TARGET, str(error))
        return
    origin = f"item vectors of the two-tower model of {run_dir} (Complete Journey data), asked by its users"
    yield from _figures(f"{own.items:,} trained", own, origin, False)
    dense = f"{origin}; enlarged: each new item lies between a trained one and one of its 10 nearest"
    yield from _figures(f"{more.items:,} trained and enlarged", more, dense, False)


def clustered(items: int, rounds: int = _ROUNDS) -> "Measured":
    """Measure generated vectors; runs in a process of its own."""
    from tfx_pipeline.benchmarks.index.measured_index import measure_index
    from tfx_pipeline.benchmarks.index.vectors import clustered_vectors

    return measure_index(clustered_vectors(items, QUERIES), rounds, _CURVE, ("int8", "pq"))


def trained(run_dir: Path, items: int, rounds: int = _ROUNDS) -> tuple["Measured", "Measured"]:
    """Measure the vectors of a run as they are, and enlarged; runs in a process of its own."""
    from tfx_pipeline.benchmarks.index.measured_index import measure_index
    from tfx_pipeline.benchmarks.index.vectors import enlarged, trained_vectors

    vectors = trained_vectors(run_dir)
    return measure_index(vectors, rounds, _CURVE), measure_index(enlarged(vectors, items), rounds, _CURVE)


def _figures(name: str, measured: "Measured", origin: str, targets: bool) -> Iterator[Figure]:
    report, seconds = measured.report, measured.seconds
    held_out = f"{origin}; queries that the parameters were not chosen by; {report.lists} lists, chosen for .99"
    yield Figure.at_least(f"{name}, recall@100", report.measured_recall, "share", RECALL_TARGET, held_out)
    for kind, ours, peer, target in (
        ("one query", "ivf", "brute force", SINGLE_TARGET),
        ("batch of 64", "ivf batch", "brute force batch", BATCH_TARGET),
    ):
        ratio = paired_ratio(seconds[peer], seconds[ours])
        how = f"{_PEER}; {ratio_range(seconds[peer], seconds[ours])}; {origin}"
        title = f"{name}, {kind}: BruteForce / index"
        yield (
            Figure.at_least(title, ratio, "times", target, how) if targets else Figure.shown(title, ratio, "times", how)
        )
        yield Figure.shown(f"{name}, {kind}: index", median(seconds[ours]) * 1e3, "ms", f"median; {origin}")
    for point in measured.curve:
        ratio = paired_ratio(point.seconds["brute force"], point.seconds["ivf"])
        where = f"{name}, {point.probes} lists read"
        yield Figure.shown(f"{where}: recall@100", point.recall, "share", origin)
        yield Figure.shown(f"{where}: BruteForce / index", ratio, "times", _PEER)
    for built in (report, *measured.quantised):
        size = built.bytes / 2**20
        how = f"centroids, rows and list vectors; recall@100 {built.measured_recall:.4f}, rescored {built.rescored} x k"
        yield Figure.shown(f"{name}, memory beside the vectors, {built.quantisation}", size, "MiB", how)
