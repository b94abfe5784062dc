"""The figures of continued training: how near it comes to training from scratch on everything, and in what time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.sources.errors import DataError

if TYPE_CHECKING:
    from tfx_pipeline.benchmarks.warm_start.measured_start import StartMeasurement

CUT = datetime(2017, 12, 4)
"""The last four weeks of the data are asked about; whatever was chosen was chosen on days before."""

SEEDS = (7, 8)
QUALITY_TARGET, TIME_TARGET = 0.99, 0.25
_QUALITY = "continued training / from scratch, NDCG@10"
_TIME = "continued training / from scratch, time"
_PROTOCOL = (
    "the two towers with default settings on Complete Journey: items that the household had not bought before, of the "
    "28 days after the cut; the continued towers had learned until 30 days before the cut, and learn these 30 days"
)

Measure = Callable[[datetime, Sequence[int], Path], "Iterator[StartMeasurement]"]


def warm_start_figures(
    data_dir: Path, seeds: Sequence[int] = SEEDS, cut: datetime = CUT, measure: Measure | None = None
) -> Iterator[Figure]:
    """Train towers from scratch and from the towers of 30 days before, and ask both about the days after.

    Args:
        data_dir: Not used: the data come with the set-up.
        seeds: Of the trainings.
        cut: Where the days begin that are asked about.
        measure: What measures; by default `measure_starts`.
    """
    del data_dir
    from tfx_pipeline.environment import prepare_environment

    prepare_environment()
    # It needs TensorFlow, which takes seconds to start.
    from tfx_pipeline.benchmarks.warm_start.measured_start import measure_starts

    try:
        with TemporaryDirectory() as folder:
            measured = list((measure or measure_starts)(cut, seeds, Path(folder)))
    except DataError as error:
        yield Figure.absent(_QUALITY, "times", QUALITY_TARGET, str(error))
        yield Figure.absent(_TIME, "times", TIME_TARGET, str(error))
        return
    yield from _figures_of(measured)


def _figures_of(measured: "Sequence[StartMeasurement]") -> Iterator[Figure]:
    starts = {
        "30 days older": [each.earlier for each in measured],
        "from scratch": [each.scratch for each in measured],
        "continued": [each.continued for each in measured],
    }
    for name, trained in starts.items():
        told = f"mean of the seeds: {', '.join(f'{each.ndcg:.4f}' for each in trained)}; {_PROTOCOL}"
        yield Figure.shown(f"towers {name}, NDCG@10", _mean([each.ndcg for each in trained]), "NDCG@10", told)
    scratch, continued = starts["from scratch"], starts["continued"]
    ratio = _mean([each.ndcg for each in continued]) / _mean([each.ndcg for each in scratch])
    yield Figure.at_least(_QUALITY, ratio, "times", QUALITY_TARGET, f"means of the seeds; {_PROTOCOL}")
    windows = continued[0].windows / scratch[0].windows
    told = "windows of all epochs: what the time comes to where there are many, and starting a training takes no time"
    yield Figure.shown("continued training / from scratch, windows", windows, "times", told)
    seconds = sum(each.seconds for each in continued), sum(each.seconds for each in scratch)
    told = f"{seconds[0]:.0f} s of {seconds[1]:.0f} s, with the reading of the windows; in turn, in one process"
    yield Figure.at_most(_TIME, seconds[0] / seconds[1], "times", TIME_TARGET, told)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
