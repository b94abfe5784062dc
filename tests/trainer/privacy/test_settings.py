from dataclasses import replace
from typing import Any

import pytest

from trainer.hyperparameters import Hyperparameters
from trainer.privacy.settings import PrivacySettings, require_separable_loss

SETTINGS = PrivacySettings(noise_multiplier=1.0, clip_norm=0.5, delta=1e-3, expected_users=20, steps=10)
UNIFORM = {"softmax": "sampled", "mixed_negatives": 8, "uniform_share": 1.0, "queue_negatives": 0, "hard_negatives": 0}
REFUSED = (
    "private training needs negatives that do not depend on other users: set retrieval.softmax to full, or "
    "retrieval.mixed_negatives above 0 with retrieval.uniform_share 1 and no queue_negatives or hard_negatives"
)


@pytest.mark.parametrize("options", [UNIFORM, {**UNIFORM, "softmax": "full", "mixed_negatives": 0}])
def test_losses_without_other_users_are_taken(options: dict[str, Any]) -> None:
    require_separable_loss(options)


@pytest.mark.parametrize(
    "change", [{"mixed_negatives": 0}, {"uniform_share": 0.9}, {"queue_negatives": 1}, {"hard_negatives": 1}]
)
def test_losses_with_other_users_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as error:
        require_separable_loss({**UNIFORM, **change})
    assert str(error.value) == REFUSED


def test_the_rate_is_the_expected_share_of_the_users() -> None:
    assert SETTINGS.sampling_rate(80) == 0.25
    assert SETTINGS.sampling_rate(20) == 1.0


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (19, "training_privacy.expected_users is 20, but only 19 users have windows"),
        (1000, "training_privacy.delta is 0.001, which is not below 1 in 1000 users"),
    ],
)
def test_bad_numbers_of_users(users: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        SETTINGS.sampling_rate(users)
    assert str(error.value) == message


def test_they_come_from_the_hyperparameters(private_settings: Hyperparameters) -> None:
    assert PrivacySettings.of(private_settings).expected_users == 10
    with pytest.raises(ValueError, match=r"^training_privacy.noise_multiplier is not set"):
        PrivacySettings.of(replace(private_settings, training_privacy=None))
