"""A process of its own on one core."""

import os

import pyarrow as pa
import pytest

from tfx_pipeline.benchmarks.measured_process import on_one_core, peak_memory
from tfx_pipeline.errors import PipelineError

# The functions below travel to the process by name, so they come from modules that it can import.


def test_one_core_in_another_process() -> None:
    assert len(on_one_core(os.sched_getaffinity, 0)) == 1
    assert on_one_core(os.getpid) != os.getpid()
    assert on_one_core(pa.cpu_count) == 1
    assert on_one_core(os.getenv, "TF_USE_LEGACY_KERAS") == "1"


def test_errors_come_back() -> None:
    with pytest.raises(ZeroDivisionError):
        on_one_core(divmod, 1, 0)


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(PipelineError, match=r"^_exit: the process that measured it died$"):
        on_one_core(os._exit, 9)


@pytest.mark.slow
def test_peak_memory_is_in_bytes_and_grows() -> None:
    before = peak_memory()
    assert before > 20_000_000
    block = bytearray(before + 50_000_000)
    assert peak_memory() >= len(block)
