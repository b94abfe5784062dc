"""A process of its own for a measurement of TensorFlow: all cores, and a peak memory that nothing else has part in."""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from tfx_pipeline.errors import PipelineError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_fresh_process(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call a function in a fresh process that may use every core this one may.

    Args:
        function: A function of a module; it imports TensorFlow itself.
        *args: Its arguments, which travel to the process.
        **kwargs: The same.

    Raises:
        PipelineError: The process died, for example because the memory ran out.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_prepare) as pool:
        try:
            return pool.submit(function, *args, **kwargs).result()
        except BrokenProcessPool as error:
            raise PipelineError(f"{function.__name__}: the process that measured it died") from error


def _prepare() -> None:
    # TensorFlow reads these when it is imported.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    warnings.simplefilter("ignore")
