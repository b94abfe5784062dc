"""A process of its own on all cores."""

import os

import pytest

from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.errors import PipelineError


def test_another_process_with_the_same_cores() -> None:
    assert in_fresh_process(os.getpid) != os.getpid()
    assert in_fresh_process(os.sched_getaffinity, 0) == os.sched_getaffinity(0)
    assert in_fresh_process(os.getenv, "TF_USE_LEGACY_KERAS") == "1"


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(PipelineError, match=r"^_exit: the process that measured it died$"):
        in_fresh_process(os._exit, 9)
