"""The figures of a training step whose cost should not grow with the tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.measured_process import peak_memory
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, ratio_range, take_turns
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.number_format import format_count

GROWTH_TARGET, STOCK_TARGET = 2.0, 50.0
OWN_AND_STOCK = {"RowSparseAdagrad": "Keras Adagrad", "LazyAdam": "Keras Adam"}
"""Our optimizer -> the one of Keras 3 with the same formula."""


@dataclass(frozen=True)
class TableSizes:
    """What a step is timed at.

    Attributes:
        few: Rows of each of the two small tables.
        many: Rows of each of the two large tables.
        batch: Pairs in a batch.
        width: Width of a vector.
        rounds: Turns of each step.
        quick_steps: Steps in a turn, but one where a step of Keras updates large tables.
    """

    few: int = 10_000
    many: int = 1_000_000
    batch: int = 2_048
    width: int = 64
    rounds: int = 9
    quick_steps: int = 10

    @property
    def how(self) -> str:
        """What a step is, in words."""
        return (
            f"a step of a table of users and one of items, width {self.width}, batch {self.batch:,}, "
            "a logistic loss of each pair on both sides, uniformly drawn rows, float32, without XLA, all cores"
        )


def table_step_figures(sizes: TableSizes) -> Iterator[Figure]:
    """Time steps at both sizes, with our optimizers and with those of Keras 3, in turn; and state the memory.

    Each pair of optimizers has a process of its own, and so has the training whose memory is stated.
    """
    for own, stock in OWN_AND_STOCK.items():
        say(f"steps with {own} and {stock}")
        yield from _figures(own, stock, in_fresh_process(time_steps, own, stock, sizes), sizes)
    for own in OWN_AND_STOCK:
        say(f"memory of {own}")
        name = f"peak memory of training two tables of {format_count(sizes.many)} rows with {own}"
        how = f"ru_maxrss of a process that does nothing else, TensorFlow included; {sizes.how}"
        yield Figure.shown(name, in_fresh_process(memory_of_steps, own, sizes) / 1e9, "GB", how)


def time_steps(own: str, stock: str, sizes: TableSizes) -> Seconds:
    """Time both optimizers at both sizes in turn.

    Returns:
        Seconds a step; the keys are those of `_key`.
    """
    from tfx_pipeline.benchmarks.two_tables import training_step

    def turn(parts: str, rows: int) -> Callable[[], None]:
        step, steps = training_step(parts, rows, sizes.batch, sizes.width), _steps(parts, rows, sizes)

        def run() -> None:
            for _ in range(steps):
                step()

        return run

    wanted = [(parts, rows) for parts in (own, stock) for rows in (sizes.few, sizes.many)]
    turns = take_turns({_key(*each): turn(*each) for each in wanted}, sizes.rounds)
    return {_key(*each): [time / _steps(*each, sizes) for time in turns[_key(*each)]] for each in wanted}


def memory_of_steps(own: str, sizes: TableSizes) -> int:
    """Make a few steps with the large tables.

    Returns:
        Peak memory of this process, bytes.
    """
    from tfx_pipeline.benchmarks.two_tables import training_step

    step = training_step(own, sizes.many, sizes.batch, sizes.width)
    for _ in range(sizes.quick_steps):
        step()
    return peak_memory()


def _steps(parts: str, rows: int, sizes: TableSizes) -> int:
    return 1 if parts in OWN_AND_STOCK.values() and rows == sizes.many else sizes.quick_steps


def _key(parts: str, rows: int) -> str:
    return f"{parts} {rows}"


def _figures(own: str, stock: str, seconds: Seconds, sizes: TableSizes) -> Iterator[Figure]:
    few, many = format_count(sizes.few), format_count(sizes.many)
    own_few, own_many, stock_few, stock_many = (
        seconds[_key(parts, rows)] for parts in (own, stock) for rows in (sizes.few, sizes.many)
    )
    times = (
        f"{own} {_milliseconds(own_few)} and {_milliseconds(own_many)} a step, {stock} {_milliseconds(stock_few)} and "
        f"{_milliseconds(stock_many)} (medians)"
    )

    def how(dividend: list[float], divisor: list[float]) -> str:
        return f"{sizes.how}; {ratio_range(dividend, divisor)}; {times}"

    growth = f"a step with {many} rows against one with {few}"
    yield Figure.at_most(
        f"{own}: {growth}", paired_ratio(own_many, own_few), "times", GROWTH_TARGET, how(own_many, own_few)
    )
    yield Figure.shown(f"{stock}: {growth}", paired_ratio(stock_many, stock_few), "times", how(stock_many, stock_few))
    name, ratio = f"{own} against {stock} at {many} rows", paired_ratio(stock_many, own_many)
    if own == "LazyAdam":
        yield Figure.at_least(name, ratio, "times", STOCK_TARGET, how(stock_many, own_many))
    else:
        yield Figure.shown(name, ratio, "times", how(stock_many, own_many))


def _milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1e3:.1f} ms"
