import logging
from pathlib import Path

import pytest

from tests.trainer.text_training.pretraining_shop import GOODS, encoder_of, shop_encoder
from tests.trainer.warm_start.pushed_encoder import push_encoder
from trainer.text_files import TextCheckpointError
from trainer.text_training.encoder_origin import ORIGIN_FILE, EncoderOrigin
from trainer.text_training.pretraining_settings import PretrainingSettings
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.warm_start.text_start import EarlierEncoder, earlier_encoder, fine_tuned_origin

FROM_CHECKPOINT = "the text encoder starts from the checkpoint: "


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    shop_encoder().save_folder(tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def test_an_encoder_of_the_same_making_goes_on(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    origin = fine_tuned_origin(checkpoint, False, "lora")
    assert (origin.lora_rank, origin.lora_targets) == (8, ("query", "value"))
    how = push_encoder(tmp_path, shop_encoder("lora"), origin)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        earlier = earlier_encoder(how, origin, checkpoint)
    assert earlier == EarlierEncoder(tmp_path / "tfx/package/text_encoder", origin, how)
    assert earlier is not None and earlier.is_tuned
    assert caplog.messages == ["the text encoder continues from version 17"]


def test_nothing_is_told_of_a_training_from_scratch(checkpoint: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert earlier_encoder(None, fine_tuned_origin(checkpoint, False, "full"), checkpoint) is None
    assert caplog.messages == []


_WORDS = [*GOODS, *" ".join(GOODS.values()).split()]


@pytest.mark.parametrize(
    ("words", "origin", "reason"),
    [
        (None, None, "the earlier model has none of its own"),
        (_WORDS, None, "the earlier model does not say how its own was trained"),
        (
            _WORDS,
            EncoderOrigin(checkpoint="other", pretrained=False, mode="full"),
            "text.checkpoint is another one, with other weights",
        ),
        (
            [word.replace("milk", "wine") for word in _WORDS],
            EncoderOrigin(checkpoint="other", pretrained=False, mode="full"),
            "text.checkpoint is another one, with another vocabulary",
        ),
        (
            [*_WORDS, "wine"],
            EncoderOrigin(checkpoint="other", pretrained=False, mode="full"),
            "text.checkpoint is another one, with a network of another kind",
        ),
    ],
)
def test_else_the_log_says_why_the_checkpoint_is_meant(
    words: list[str] | None,
    origin: EncoderOrigin | None,
    reason: str,
    checkpoint: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    how = push_encoder(tmp_path, encoder_of(words) if words else None, origin)
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert earlier_encoder(how, fine_tuned_origin(checkpoint, False, "full"), checkpoint) is None
    assert caplog.messages == [FROM_CHECKPOINT + reason]


def test_another_mode_starts_from_the_checkpoint(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    how = push_encoder(tmp_path, shop_encoder(), fine_tuned_origin(checkpoint, False, "full"))
    with caplog.at_level(logging.INFO, "shoprank.warm_start"):
        assert earlier_encoder(how, fine_tuned_origin(checkpoint, False, "lora"), checkpoint) is None
    assert caplog.messages == [FROM_CHECKPOINT + "text.training.mode is lora, and was full"]


def test_a_damaged_record_is_one_line_that_names_it(checkpoint: Path, tmp_path: Path) -> None:
    origin = fine_tuned_origin(checkpoint, False, "full")
    how = push_encoder(tmp_path, shop_encoder(), origin)
    path = tmp_path / "tfx/package/text_encoder" / ORIGIN_FILE
    path.write_bytes(b"nothing")
    with pytest.raises(TextCheckpointError, match=rf"^{path}: the whole file: [^\n]+$"):
        earlier_encoder(how, origin, checkpoint)


def test_what_goes_on_is_trained_for_less(checkpoint: Path, tmp_path: Path) -> None:
    origin = fine_tuned_origin(checkpoint, False, "full")
    earlier = EarlierEncoder(tmp_path, origin, push_encoder(tmp_path, None, None, learning_rate_share=0.5))
    search = earlier.shortened(SearchTrainingSettings(epochs=3, maximum_steps=100, seed=5))
    assert search == SearchTrainingSettings(
        epochs=1, maximum_steps=33, learning_rate=2.5e-5, head_learning_rate=5e-4, seed=5
    )
    masked = earlier.shortened(PretrainingSettings(epochs=10, maximum_steps=4))
    assert masked == PretrainingSettings(epochs=1, maximum_steps=1, learning_rate=5e-5)
    assert earlier.shortened(PretrainingSettings()).is_off
