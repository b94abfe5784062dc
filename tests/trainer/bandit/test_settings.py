"""Settings out of range are refused by name."""

from typing import Any

import pytest

from trainer.bandit.settings import POLICIES, ExplorationSettings


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("policy", "best", f"policy: 'best' is not one of {', '.join(POLICIES)}"),
        ("epsilon", 1.5, "epsilon: must be from 0 to 1, got 1.5"),
        ("explored_share", -0.1, "explored_share: must be from 0 to 1, got -0.1"),
        ("minimum_relevance", float("nan"), "minimum_relevance: must be from 0 to 1, got nan"),
        ("linucb_alpha", -1.0, "linucb_alpha: must be finite and not negative, got -1.0"),
        ("squarecb_gamma", 0.0, "squarecb_gamma: must be positive and finite, got 0.0"),
        ("plackett_luce_temperature", float("inf"), "plackett_luce_temperature: must be positive and finite, got inf"),
        ("draws", 0, "draws: must be at least 1, got 0"),
    ],
)
def test_bad_value_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError) as error:
        ExplorationSettings(**{field: value})
    assert str(error.value) == message
