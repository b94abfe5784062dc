"""Thresholds that make sense."""

from typing import Any

import pytest
from pydantic import ValidationError

from tfx_pipeline.validation_config import ValidationConfig


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"drift_threshold": 1.5}, "Input should be less than or equal to 1"),
        ({"skew_threshold": -0.1}, "Input should be greater than or equal to 0"),
        ({"thresholds": {"price": 2}}, "Input should be less than or equal to 1"),
        ({"on_exceeded": "fail"}, "Input should be 'warn' or 'stop'"),
        ({"threshold": 0.1}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ValidationConfig(**values)
    assert [each["msg"] for each in raised.value.errors()] == [error]


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in ValidationConfig.model_fields.values())
