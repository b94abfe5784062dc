"""The figures of epoch throughput: user-item pairs a second, against TensorFlow Recommenders."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.measured_process import peak_memory
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, ratio_range, take_turns
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.user_item_pairs import UserItemPairs, complete_journey_pairs, movielens_100k_pairs
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError

THROUGHPUT_TARGET = 2.0
_OWN, _PEER = "ours", "theirs"
_HOW = (
    "ours: TwoTowerModel of user id and item id, in-batch SampledSoftmax with logQ and learned temperature, "
    "RowSparseAdagrad(0.1), steps_per_execution 4, tf.Examples of row numbers, one a pair, from a TFRecord file held "
    "in memory, shuffled and parsed anew each epoch, a batch at once; theirs, as in the tutorial: StringLookup + "
    "Embedding for users and items, tfrs.tasks.Retrieval without metrics in training, Adagrad(0.1), id strings in "
    "memory, shuffled once, their batches cached"
)
COMPLETE_JOURNEY = "Complete Journey"
DATA: dict[str, Callable[[Path, int | None], UserItemPairs]] = {
    "ml-100k": movielens_100k_pairs,
    COMPLETE_JOURNEY: complete_journey_pairs,
}
"""Name of the data -> what reads its first pairs, given the folder of real data."""


@dataclass(frozen=True)
class EpochSizes:
    """How much is trained on.

    Attributes:
        pairs: Pairs, from the first on; None takes all.
        batch: Pairs in a batch; the tutorial's by default.
        width: Width of a vector; the tutorial's by default.
        epochs: Timed epochs of each side, after one that is not timed.
    """

    pairs: int | None = 100_000
    batch: int = 8_192
    width: int = 32
    epochs: int = 3


def throughput_figures(data_dir: Path, sizes: EpochSizes) -> Iterator[Figure]:
    """Time epochs of ours and of the peer in turn; and state the memory of ours on Complete Journey."""
    for data in DATA:
        name = f"pairs a second on {data}, against TensorFlow Recommenders' retrieval tutorial"
        say(f"{data}: epochs of both")
        try:
            count, seconds = in_fresh_process(time_epochs, data, data_dir, sizes)
        except (DataError, ImportError) as error:
            yield Figure.absent(name, "times", THROUGHPUT_TARGET, str(error))
            continue
        yield from _figures(data, name, count, seconds, sizes)
        if data == COMPLETE_JOURNEY:
            say(f"{data}: memory")
            memory = in_fresh_process(memory_of_epoch, data, data_dir, sizes)
            how = f"ru_maxrss of a process that does nothing else, TensorFlow included; {format_count(count)} pairs"
            yield Figure.shown(f"peak memory of training on {data}", memory / 1e9, "GB", how)


def time_epochs(data: str, data_dir: Path, sizes: EpochSizes) -> tuple[int, Seconds]:
    """Time epochs of both sides in turn.

    Args:
        data: A key of `DATA`.
        data_dir: Folder of real data.
        sizes: How much.

    Returns:
        The number of pairs, and the seconds of each epoch.

    Raises:
        DataError: The data are absent.
        ImportError: The peer is not installed.
    """
    pairs = DATA[data](data_dir, sizes.pairs)
    from tfx_pipeline.benchmarks.pair_training import pair_epoch
    from tfx_pipeline.benchmarks.tutorial_peer import tutorial_epoch

    with tempfile.TemporaryDirectory() as folder:
        epochs = {
            _OWN: pair_epoch(pairs, sizes.width, sizes.batch, Path(folder)),
            _PEER: tutorial_epoch(pairs, sizes.width, sizes.batch),
        }
        return len(pairs), take_turns(epochs, sizes.epochs)


def memory_of_epoch(data: str, data_dir: Path, sizes: EpochSizes) -> int:
    """Train our model for an epoch.

    Returns:
        Peak memory of this process, bytes.
    """
    from tfx_pipeline.benchmarks.pair_training import pair_epoch

    with tempfile.TemporaryDirectory() as folder:
        pair_epoch(DATA[data](data_dir, sizes.pairs), sizes.width, sizes.batch, Path(folder))()
        return peak_memory()


def _figures(data: str, name: str, count: int, seconds: Seconds, sizes: EpochSizes) -> Iterator[Figure]:
    own, peer = seconds[_OWN], seconds[_PEER]
    how = (
        f"whole epochs of fit on the first {format_count(count)} pairs, batch {sizes.batch:,}, width {sizes.width}, "
        f"the first not timed, in turn; {ratio_range(peer, own)}; {_HOW}"
    )
    yield Figure.at_least(name, paired_ratio(peer, own), "times", THROUGHPUT_TARGET, how)
    yield Figure.shown(f"pairs on {data}", count / median(own), "pairs/s", "ours; median of the same epochs")
    yield Figure.shown(
        f"pairs on {data}, TensorFlow Recommenders", count / median(peer), "pairs/s", "median of the same epochs"
    )
