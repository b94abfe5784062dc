"""The figures of a smaller export: what is gained in bytes and lost in NDCG, and what a request takes."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, ratio_range
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import numpy as np

    from tfx_pipeline.benchmarks.quantisation.saved_bytes import SavedBytes

RUN_DIR = Path("runs/demo")
SIZE_TARGET, LOSS_TARGET = 1 / 3, 0.5

Precision = Literal["float32", "float16", "int8"]
Models = Mapping[Precision, Path]
"""Folders of the servables."""

_FLOAT: Precision = "float32"
_SMALLER: tuple[Precision, ...] = ("int8", "float16")
_USERS, _ROUNDS = 1000, 50
_MEGABYTE = 1e6


def quantisation_figures(
    data_dir: Path, run_dir: Path = RUN_DIR, users: int = _USERS, rounds: int = _ROUNDS
) -> Iterator[Figure]:
    """Export the newest model of a run in float32, int8 and float16, and compare.

    Args:
        data_dir: Not used: the model and the test window are those of the run.
        run_dir: A run directory, such as `shoprank demo` makes.
        users: At most so many users of the test window are asked for.
        rounds: Timed requests of each kind.
    """
    del data_dir
    with tempfile.TemporaryDirectory() as folder:
        models: Models = {kind: Path(folder) / kind for kind in (_FLOAT, *_SMALLER)}
        try:
            for kind, path in models.items():
                say(f"export in {kind}")
                in_fresh_process(exported, run_dir, kind, path)
        except PipelineError as error:
            yield Figure.absent("item store and index, int8 / float32", "share", SIZE_TARGET, str(error))
            return
        yield from _sizes(models, run_dir)
        yield from _losses(models, run_dir, users)
        yield from _times(in_fresh_process(timed, models, rounds), run_dir)


def exported(run_dir: Path, precision: Precision, folder: Path) -> None:
    """Export a run; in a process of its own."""
    from tfx_pipeline.benchmarks.quantisation.exported_run import export_run

    export_run(run_dir, precision, folder)


def sized(folder: Path) -> "SavedBytes":
    """Measure a servable on disk; in a process of its own."""
    from tfx_pipeline.benchmarks.quantisation.saved_bytes import saved_bytes

    return saved_bytes(folder)


def scored(run_dir: Path, folder: Path, users: int) -> "np.ndarray":
    """NDCG@10 of each user; in a process of its own."""
    from tfx_pipeline.benchmarks.quantisation.measured_servable import ndcg

    return ndcg(run_dir, folder, users)


def timed(models: Models, rounds: int) -> Seconds:
    """Time requests; in a process of its own."""
    from tfx_pipeline.benchmarks.quantisation.measured_servable import request_seconds

    return request_seconds({str(kind): path for kind, path in models.items()}, rounds)


def _sizes(models: Models, run_dir: Path) -> Iterator[Figure]:
    sizes = {kind: in_fresh_process(sized, path) for kind, path in models.items()}
    floats = sizes[_FLOAT]
    for kind in _SMALLER:
        ours = sizes[kind]
        how = f"{_in_words(ours.items)} of {_in_words(floats.items)}, all variables of both, model of {run_dir}"
        name, ratio = f"item store and index, {kind} / float32", ours.items / floats.items
        is_target = kind == "int8"
        yield (
            Figure.at_most(name, ratio, "share", SIZE_TARGET, how)
            if is_target
            else Figure.shown(name, ratio, "share", how)
        )
        for part in ("encoder", "total"):
            mine, theirs = getattr(ours, part), getattr(floats, part)
            how = f"{_in_words(mine)} of {_in_words(theirs)}, model of {run_dir}"
            named = {"encoder": "text encoder", "total": "whole servable on disk"}[part]
            yield Figure.shown(f"{named}, {kind} / float32", mine / theirs, "share", how)


def _losses(models: Models, run_dir: Path, users: int) -> Iterator[Figure]:
    values = {}
    for kind, path in models.items():
        say(f"NDCG@10 in {kind}")
        values[kind] = in_fresh_process(scored, run_dir, path, users)
    floats = values[_FLOAT]
    for kind in _SMALLER:
        loss = 100 * (1 - float(values[kind].mean() / floats.mean()))
        moved = 100 * float((values[kind] != floats).mean())
        how = (
            f"{values[kind].mean():.5f} after {floats.mean():.5f} on {len(floats)} users of the test window of "
            f"{run_dir}, slates of `recommend` from the whole catalogue; other values for {moved:.1f} % of the users"
        )
        name = f"loss of NDCG@10, {kind}"
        yield (
            Figure.at_most(name, loss, "%", LOSS_TARGET, how) if kind == "int8" else Figure.shown(name, loss, "%", how)
        )


def _times(seconds: Seconds, run_dir: Path) -> Iterator[Figure]:
    for asked, suffix in (("without a query", ""), ("with a query", " query")):
        floats = seconds[f"{_FLOAT}{suffix}"]
        how = f"median of {len(floats)} requests for 10 items to the model of {run_dir}, in this process"
        yield Figure.shown(f"request {asked}, float32", median(floats) * 1e3, "ms", how)
        for kind in _SMALLER:
            ours = seconds[f"{kind}{suffix}"]
            how = f"{ratio_range(ours, floats)}, the servables taking turns in one process"
            yield Figure.shown(f"request {asked}, {kind} / float32", paired_ratio(ours, floats), "times", how)


def _in_words(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB"
