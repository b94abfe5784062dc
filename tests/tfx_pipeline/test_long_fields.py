import csv

import pytest

from tfx_pipeline.long_fields import long_fields


def test_fields_are_long_inside_the_block_only() -> None:
    lines = ["a," + "x" * 200_000]
    with long_fields():
        assert len(next(csv.reader(lines))[1]) == 200_000
    with pytest.raises(csv.Error, match="field larger than field limit"):
        next(csv.reader(lines))


def test_an_error_inside_the_block_brings_the_limit_back() -> None:
    before = csv.field_size_limit()
    with pytest.raises(RuntimeError), long_fields():
        raise RuntimeError
    assert csv.field_size_limit() == before
