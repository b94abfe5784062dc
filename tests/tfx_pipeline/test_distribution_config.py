"""Which strategies there are, and which stages hear of them."""

from typing import Any

import pytest
from pydantic import ValidationError

from tfx_pipeline.distribution_config import DistributionConfig


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (
            {"strategy": "parameter_server"},
            "Input should be 'none', 'mirrored', 'multi_worker_mirrored' or 'tpu'",
        ),
        ({"tpu_address": "local"}, "Value error, tpu_address is 'local', but strategy is none"),
        (
            {"strategy": "tpu", "shard_tables_above_mb": 1},
            "Value error, shard_tables_above_mb needs mirrored or multi_worker_mirrored, but strategy is tpu",
        ),
        ({"strategy": "mirrored", "shard_tables_above_mb": -1}, "Input should be greater than or equal to 0"),
        ({"workers": 2}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as raised:
        DistributionConfig(**values)
    assert [each["msg"] for each in raised.value.errors()] == [error]


def test_one_device_changes_no_cache_key() -> None:
    assert DistributionConfig().options == {}


def test_a_strategy_is_told_as_make_strategy_takes_it() -> None:
    options = DistributionConfig(strategy="tpu", tpu_address="local").options
    assert options == {"distribution": {"name": "tpu", "tpu_address": "local"}}


def test_the_bound_of_a_table_is_told_where_it_is_set() -> None:
    named = {"name": "mirrored", "tpu_address": ""}
    assert DistributionConfig(strategy="mirrored").options == {"distribution": named}
    options = DistributionConfig(strategy="mirrored", shard_tables_above_mb=500).options
    assert options == {"distribution": {**named, "shard_tables_above_mb": 500}}
