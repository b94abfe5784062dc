"""Events as they are read."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.outcomes import read_outcomes


def test_events_of_all_parts_are_read(tmp_path: Path) -> None:
    rows = [makers.outcome_row(value=2.5), makers.outcome_row("q", "b", "buy", 7)]
    for name in ("1.parquet", "2.tfrecord"):
        makers.write_rows(tmp_path / "outcomes" / name, rows)
    outcomes = read_outcomes(tmp_path)
    assert outcomes["item_id"].tolist() == ["a", "b", "a", "b"]
    assert outcomes["value"].fillna(-1.0).tolist() == [2.5, -1.0, 2.5, -1.0]
    assert outcomes["row"].tolist() == [1, 2, 1, 2]


def test_an_empty_log_has_the_columns(tmp_path: Path) -> None:
    outcomes = read_outcomes(tmp_path)
    assert len(outcomes) == 0
    assert (outcomes["timestamp"].dtype, outcomes["value"].dtype) == (np.int64, np.float64)


def test_an_infinite_value_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "outcomes" / "1.parquet"
    makers.write_rows(path, [makers.outcome_row(), makers.outcome_row(value=float("-inf"))])
    with pytest.raises(PipelineError, match=f"^{re.escape(f'{path}: row 2: value -inf is no finite number')}$"):
        read_outcomes(tmp_path)
