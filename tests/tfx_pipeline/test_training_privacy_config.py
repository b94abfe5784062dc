import json
from typing import Any

import pytest

from tests.tfx_pipeline.test_config import SHOP, with_field
from tfx_pipeline.config import ConfigError, parse_config

UNIFORM = {"mixed_negatives": 256, "uniform_share": 1.0}
PRIVATE: dict[str, Any] = {**SHOP, "training_privacy": {"noise_multiplier": 1.0}, "retrieval": UNIFORM}


def test_training_is_not_private_by_default() -> None:
    assert parse_config(SHOP).training_privacy.settings is None


def test_the_trainer_is_told_all_of_it() -> None:
    from tfx_pipeline.pipeline import _hyperparameters
    from trainer.hyperparameters import Hyperparameters
    from trainer.privacy.settings import PrivacySettings

    settings = Hyperparameters.from_json(_hyperparameters(parse_config(PRIVATE)))
    assert PrivacySettings.of(settings) == PrivacySettings(1.0, 1.0, 1e-6, 256, 300)
    assert json.loads(_hyperparameters(parse_config(SHOP)))["training_privacy"] is None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("noise_multiplier", 0, "Input should be greater than 0"),
        ("clip_norm", -1, "Input should be greater than 0"),
        ("delta", 1, "Input should be less than 1"),
        ("expected_users", 0, "Input should be greater than or equal to 1"),
        ("steps", 0, "Input should be greater than or equal to 1"),
        ("epsilon", 3, "Extra inputs are not permitted"),
    ],
)
def test_values_out_of_range_are_named(field: str, value: float, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(with_field(f"training_privacy.{field}", value))
    assert str(error.value) == f"configuration: training_privacy.{field}: {message}"


def test_a_loss_that_compares_users_is_refused() -> None:
    with pytest.raises(ConfigError, match="private training needs negatives that do not depend on other users"):
        parse_config({**PRIVATE, "retrieval": {}})
    parse_config({**PRIVATE, "retrieval": {"softmax": "full"}})
