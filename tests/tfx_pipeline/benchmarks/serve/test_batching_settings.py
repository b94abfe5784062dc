from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from serving.model_server.batching.parameters import read_batching_parameters
from tfx_pipeline.benchmarks.serve.batching_settings import BatchingSetting, recommended
from tfx_pipeline.benchmarks.serve.load import LoadResult


def result(answers: int, errors: int = 0) -> LoadResult:
    return LoadResult(np.ones(answers), 1.0, Counter({"UNAVAILABLE": errors} if errors else {}), Counter(), 0)


def test_the_server_reads_what_is_written(tmp_path: Path) -> None:
    flags = BatchingSetting(8, 2_000, 3).flags(tmp_path / "batching.txt")
    assert flags == ["--enable_batching", f"--batching_parameters_file={tmp_path / 'batching.txt'}"]
    read = read_batching_parameters(tmp_path / "batching.txt")
    assert (read.max_batch_size, read.batch_timeout_micros, read.num_batch_threads) == (8, 2_000, 3)
    assert read.pad_variable_length_inputs


def test_recommends_the_most_answers_without_an_error() -> None:
    slow, fast, failing = BatchingSetting(8, 0, 1), BatchingSetting(4, 0, 1), BatchingSetting(2, 0, 1)
    assert recommended({None: result(5), slow: result(7), fast: result(9), failing: result(20, errors=1)}) == fast
    assert recommended({None: result(5), slow: result(4)}) is None
    with pytest.raises(ValueError, match="nothing was measured"):
        recommended({})


def test_reads_as_the_fields_of_the_file() -> None:
    assert str(BatchingSetting(8, 0, 1)) == "max_batch_size 8, batch_timeout_micros 0, num_batch_threads 1"
