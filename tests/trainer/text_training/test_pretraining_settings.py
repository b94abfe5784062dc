import json
from typing import Any

import pytest

from trainer.text_training.pretraining_settings import PretrainingSettings


def test_settings_survive_json() -> None:
    settings = PretrainingSettings(maximum_steps=7, next_sentence_weight=0.5, precision="mixed_bfloat16")
    assert PretrainingSettings.from_dict(json.loads(json.dumps(settings.as_dict()))) == settings


@pytest.mark.parametrize(
    ("values", "is_off"),
    [({}, True), ({"maximum_steps": 5}, False), ({"maximum_steps": 5, "epochs": 0}, True)],
)
def test_no_steps_or_no_epochs_is_off(values: dict[str, int], is_off: bool) -> None:
    assert PretrainingSettings(**values).is_off is is_off


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": -1}, "epochs is -1, must be 0 or more"),
        ({"maximum_steps": -2}, "maximum_steps is -2, must be 0 or more"),
        ({"next_sentence_weight": -0.5}, "next_sentence_weight is -0.5, must be 0 or more"),
        ({"batch_tokens": 0}, "batch_tokens is 0, must be at least 1"),
        ({"patience": 0}, "patience is 0, must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, must be above 0"),
        ({"masked_share": 1.0}, "masked_share is 1.0, must be between 0 and 1"),
        ({"held_out_share": 0.0}, "held_out_share is 0.0, must be between 0 and 1"),
        ({"warmup_share": 1.5}, "warmup_share is 1.5, must be 0 to 1"),
        ({"precision": "float16"}, "precision is 'float16', must be one of float32, mixed_bfloat16"),
        ({"rate": 1.0}, "rate: no such setting of the pretraining"),
    ],
)
def test_values_out_of_range(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        PretrainingSettings.from_dict(values)
    assert str(caught.value) == message
