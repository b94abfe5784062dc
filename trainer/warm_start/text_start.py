"""What the training of the text encoder starts from, where it continues from an earlier model."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_checkpoint import TextCheckpoint, read_checkpoint
from trainer.text_encoder import LORA_RANK, LORA_TARGETS
from trainer.text_modes import Mode
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.text_training.pretraining_settings import PretrainingSettings
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.start_log import tell

Settings = TypeVar("Settings", PretrainingSettings, SearchTrainingSettings)


@dataclass(frozen=True)
class EarlierEncoder:
    """The encoder of an earlier model that a training may go on from.

    Attributes:
        folder: Its folder.
        origin: How it came about.
        how: How to go on.
    """

    folder: Path
    origin: EncoderOrigin
    how: Continuation

    @property
    def is_tuned(self) -> bool:
        """Whether it was fine-tuned for search, and not only pretrained."""
        return self.origin.mode is not None

    def shortened(self, settings: Settings) -> Settings:
        """The settings of a training that goes on: `how.epochs` epochs, a like share of the steps, and its rate."""
        epochs = min(self.how.epochs, settings.epochs)
        steps = settings.maximum_steps
        if settings.epochs and steps:
            steps = max(1, round(steps * epochs / settings.epochs))
        share = self.how.learning_rate_share
        if isinstance(settings, SearchTrainingSettings):
            settings = replace(settings, head_learning_rate=settings.head_learning_rate * share)
        return replace(settings, epochs=epochs, maximum_steps=steps, learning_rate=settings.learning_rate * share)


def fine_tuned_origin(checkpoint: Path | None, pretrained: bool, mode: Mode | None) -> EncoderOrigin:
    """How an encoder comes about that is trained from a checkpoint with the adapters that `TextEncoder` gives it.

    Args:
        checkpoint: The checkpoint; None is the bundled one.
        pretrained: Whether it is pretrained first.
        mode: What is then fine-tuned; None for nothing.

    Raises:
        TextCheckpointError: The checkpoint cannot be read.
    """
    rank, targets = (LORA_RANK, LORA_TARGETS) if mode == "lora" else (0, ())
    digest = read_checkpoint(checkpoint).digest
    return EncoderOrigin(checkpoint=digest, pretrained=pretrained, mode=mode, lora_rank=rank, lora_targets=targets)


def earlier_encoder(how: Continuation | None, wanted: EncoderOrigin, checkpoint: Path | None) -> EarlierEncoder | None:
    """The encoder to go on from; None for the checkpoint, with a line in the log that says why.

    Args:
        how: How to go on; None for a training from scratch, of which nothing is told.
        wanted: What today's training is to give.
        checkpoint: Today's checkpoint; None is the bundled one.

    Raises:
        ModelPartsError: The earlier model does not say what it was made of, or a part is gone.
        TextCheckpointError: Its encoder, or today's checkpoint, cannot be read.
    """
    if how is None:
        return None
    folder = PreviousModel.load(how.version, how.artifacts).parts.package / ENCODER_FOLDER
    origin = EncoderOrigin.load(folder)
    reason = _reason_against(folder, origin, wanted, checkpoint)
    if origin is None or reason:
        tell("the text encoder starts from the checkpoint: %s", reason)
        return None
    tell("the text encoder continues from version %s", how.version.name)
    return EarlierEncoder(folder, origin, how)


def _reason_against(folder: Path, origin: EncoderOrigin | None, wanted: EncoderOrigin, checkpoint: Path | None) -> str:
    if not folder.exists():
        return "the earlier model has none of its own"
    if origin is None:
        return "the earlier model does not say how its own was trained"
    if origin.checkpoint != wanted.checkpoint:
        return f"text.checkpoint is another one, {_difference(read_checkpoint(folder), read_checkpoint(checkpoint))}"
    return origin.reason_against(wanted)


def _difference(earlier: TextCheckpoint, today: TextCheckpoint) -> str:
    if earlier.config != today.config:
        return "with a network of another kind"
    if earlier.vocabulary != today.vocabulary:
        return "with another vocabulary"
    return "with other weights"
