"""How a text encoder came about, written beside it so that a later training knows whether it may go on from it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainer.text_files import read_json
from trainer.text_modes import Mode

ORIGIN_FILE = "origin.json"
"""In the folder of an encoder; those of before there was continued training have none."""


class EncoderOrigin(BaseModel):
    """What was done to a checkpoint.

    Attributes:
        checkpoint: `TextCheckpoint.digest` of the checkpoint.
        pretrained: Whether it was pretrained on the texts of the shop.
        mode: What was then fine-tuned for search; None for nothing.
        lora_rank: Rank of the adapters; 0 where there are none.
        lora_targets: Layers that had one.
    """

    model_config = ConfigDict(frozen=True)

    checkpoint: str
    pretrained: bool
    mode: Mode | None = None
    lora_rank: int = 0
    lora_targets: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write into the folder of the encoder."""
        (folder / ORIGIN_FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "EncoderOrigin | None":
        """Read what `save` wrote; None where nobody wrote it down.

        Raises:
            TextCheckpointError: The file cannot be read.
        """
        path = folder / ORIGIN_FILE
        return read_json(path, cls) if path.exists() else None

    def reason_against(self, wanted: "EncoderOrigin") -> str:
        """Why a training that is to give `wanted` must not go on from this encoder; '' if it may.

        An encoder that was not fine-tuned yet may be fine-tuned in any mode.
        """
        if self.pretrained != wanted.pretrained:
            words = ("off", "on")
            return f"text.pretraining is {words[wanted.pretrained]}, and was {words[self.pretrained]}"
        if self.mode is None:
            return ""
        if self.mode != wanted.mode:
            return f"text.training.mode is {wanted.mode or 'none'}, and was {self.mode}"
        if (self.lora_rank, self.lora_targets) != (wanted.lora_rank, wanted.lora_targets):
            return f"the adapters are {_adapters(wanted)}, and were {_adapters(self)}"
        return ""


def _adapters(origin: EncoderOrigin) -> str:
    return f"of rank {origin.lora_rank} on {', '.join(origin.lora_targets)}"
