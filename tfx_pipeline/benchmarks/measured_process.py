"""A process of its own for a measurement: one core, and a peak memory that nothing else has part in."""

import os
import resource
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

from tfx_pipeline.errors import PipelineError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def on_one_core(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Call a function in a fresh process that may use one core.

    Args:
        function: A function of a module.
        *args: Its arguments, which travel to the process.
        **kwargs: The same.

    Raises:
        PipelineError: The process died, for example because the memory ran out.
    """
    core = max(os.sched_getaffinity(0))
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_prepare, initargs=(core,)) as pool:
        try:
            return pool.submit(function, *args, **kwargs).result()
        except BrokenProcessPool as error:
            raise PipelineError(f"{function.__name__}: the process that measured it died") from error


def peak_memory() -> int:
    """Most memory that this process has held so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident_memory() -> int:
    """Memory that this process holds now, bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _prepare(core: int) -> None:
    # Threads inherit the core, so this comes before any library starts some.
    os.sched_setaffinity(0, {core})
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    warnings.simplefilter("ignore")

    import pyarrow as pa

    pa.set_cpu_count(1)
