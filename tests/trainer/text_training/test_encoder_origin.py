from pathlib import Path
from typing import Any

import pytest

from trainer.text_files import TextCheckpointError
from trainer.text_training.encoder_origin import ORIGIN_FILE, EncoderOrigin

LORA = {"mode": "lora", "lora_rank": 8, "lora_targets": ("query", "value")}


def origin(**values: Any) -> EncoderOrigin:
    return EncoderOrigin(**{"checkpoint": "abc", "pretrained": False, **values})


def test_a_file_gives_it_back(tmp_path: Path) -> None:
    assert EncoderOrigin.load(tmp_path) is None
    origin(**LORA).save(tmp_path)
    assert EncoderOrigin.load(tmp_path) == origin(**LORA)
    (tmp_path / ORIGIN_FILE).write_text('{"checkpoint": "abc"}')
    with pytest.raises(TextCheckpointError, match=rf"^{tmp_path / ORIGIN_FILE}: pretrained: Field required$"):
        EncoderOrigin.load(tmp_path)


@pytest.mark.parametrize(
    ("earlier", "wanted", "reason"),
    [
        ({"mode": "full"}, {"mode": "full"}, ""),
        (LORA, LORA, ""),
        ({"pretrained": True}, {"pretrained": True, **LORA}, ""),
        ({"mode": "full"}, LORA, "text.training.mode is lora, and was full"),
        ({"mode": "full"}, {}, "text.training.mode is none, and was full"),
        ({"pretrained": True, "mode": "full"}, {"mode": "full"}, "text.pretraining is off, and was on"),
        (
            LORA,
            {**LORA, "lora_rank": 4},
            "the adapters are of rank 4 on query, value, and were of rank 8 on query, value",
        ),
    ],
)
def test_an_encoder_of_the_same_making_may_go_on(earlier: dict, wanted: dict, reason: str) -> None:
    assert origin(**earlier).reason_against(origin(**wanted)) == reason
