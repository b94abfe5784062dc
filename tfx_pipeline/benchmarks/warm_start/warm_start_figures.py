"""The figures of continued training: how near it comes to training from scratch on everything, and in what time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.sources.errors import DataError

if TYPE_CHECKING:
    from tfx_pipeline.benchmarks.warm_start.measured_start import StartMeasurement, Trained

CUTS = (datetime(2017, 11, 4), datetime(2017, 12, 4))
"""The four weeks after each are asked about; whatever was chosen was chosen on days before the last one."""

SEEDS = (7,)
QUALITY_TARGET, TIME_TARGET = 0.99, 0.25
_RATIO = "continued training / from scratch"
_QUALITY, _TOWERS = f"{_RATIO}, NDCG@10", f"{_RATIO}, NDCG@10 of the towers"
_TIME = f"{_RATIO}, time"
_PROTOCOL = (
    "default settings on Complete Journey; the towers learn until 28 days before the cut, the ranker these 28, and "
    "both are asked about the 28 after it; what continues had learned the same 30 days earlier"
)
_OF_TOWERS = f"items that the household had not bought before, the towers alone; {_PROTOCOL}"
_OF_CHAIN = f"all items, towers, candidates and ranker, every second household; {_PROTOCOL}"

Measure = Callable[[datetime, Sequence[int], Path], "Iterator[StartMeasurement]"]


def warm_start_figures(
    data_dir: Path, seeds: Sequence[int] = SEEDS, cuts: Sequence[datetime] = CUTS, measure: Measure | None = None
) -> Iterator[Figure]:
    """Train towers and ranker from scratch and from those of 30 days before, and ask both about the days after.

    Args:
        data_dir: Not used: the data come with the set-up.
        seeds: Of the trainings.
        cuts: Where the days begin that are asked about.
        measure: What measures; by default `measure_starts`.
    """
    del data_dir
    from tfx_pipeline.environment import prepare_environment

    prepare_environment()
    # It needs TensorFlow, which takes seconds to start.
    from tfx_pipeline.benchmarks.warm_start.measured_start import measure_starts

    for cut in cuts:
        try:
            with TemporaryDirectory() as folder:
                measured = list((measure or measure_starts)(cut, seeds, Path(folder)))
        except DataError as error:
            for name, target in ((_QUALITY, QUALITY_TARGET), (_TOWERS, QUALITY_TARGET), (_TIME, TIME_TARGET)):
                yield Figure.absent(_named(name, cut), "times", target, str(error))
        else:
            yield from _figures_of(measured, cut)


def _named(name: str, cut: datetime) -> str:
    return f"{name}, cut {cut:%Y-%m-%d}"


def _figures_of(measured: "Sequence[StartMeasurement]", cut: datetime) -> Iterator[Figure]:
    earlier, scratch, continued = (
        [getattr(each, name) for each in measured] for name in ("earlier", "scratch", "continued")
    )
    for name, trained in (("30 days older", earlier), ("from scratch", scratch), ("continued", continued)):
        yield _shown(f"towers {name}", [each.ndcg for each in trained], cut, _OF_TOWERS)
    chains = [[each.chain_ndcg for each in trained] for trained in (scratch, continued)]
    for name, values in zip(("from scratch", "continued"), chains, strict=True):
        yield _shown(f"towers and ranker {name}", values, cut, _OF_CHAIN)
    towers = _mean([each.ndcg for each in continued]) / _mean([each.ndcg for each in scratch])
    for name, ratio, how in (
        (_TOWERS, towers, _OF_TOWERS),
        (_QUALITY, _mean(chains[1]) / _mean(chains[0]), _OF_CHAIN),
    ):
        yield Figure.at_least(_named(name, cut), ratio, "times", QUALITY_TARGET, f"means of the seeds; {how}")
    yield from _times(scratch, continued, cut)


def _shown(name: str, values: Sequence[float], cut: datetime, how: str) -> Figure:
    told = f"mean of the seeds: {', '.join(f'{each:.4f}' for each in values)}; {how}"
    return Figure.shown(_named(f"{name}, NDCG@10", cut), _mean(values), "NDCG@10", told)


def _times(scratch: "Sequence[Trained]", continued: "Sequence[Trained]", cut: datetime) -> Iterator[Figure]:
    windows = continued[0].windows / scratch[0].windows
    told = "windows of all epochs: what the time of the towers comes to where there are many"
    yield Figure.shown(_named(f"{_RATIO}, windows", cut), windows, "times", told)
    towers, rankers = (
        [sum(getattr(each, name) for each in part) for part in (continued, scratch)]
        for name in ("seconds", "ranker_seconds")
    )
    told = (
        f"training of the towers, {towers[0]:.1f} s of {towers[1]:.1f} s, and of the ranker, {rankers[0]:.1f} s of "
        f"{rankers[1]:.1f} s; in turn, in one process; statistics and candidates, which both need, are not counted"
    )
    ratio = (towers[0] + rankers[0]) / (towers[1] + rankers[1])
    yield Figure.at_most(_named(_TIME, cut), ratio, "times", TIME_TARGET, told)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
