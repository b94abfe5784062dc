"""What of a text encoder trains."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import keras

from trainer.text_lora import LoraTarget, LowRankAdapter, add_adapters

if TYPE_CHECKING:
    import keras_hub

Mode = Literal["frozen", "head", "lora", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)


def check_mode(mode: str) -> None:
    """Refuse an unknown mode.

    Raises:
        ValueError: The mode is none of `MODES`.
    """
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}, must be one of {', '.join(MODES)}")


def make_trainable(
    backbone: "keras_hub.models.Backbone", mode: Mode, lora_rank: int, lora_targets: Sequence[LoraTarget]
) -> list[LowRankAdapter]:
    """Let train what the mode says, and add the adapters that it asks for.

    Args:
        backbone: The network; changed in place.
        mode: `frozen` and `head` train none of it, `lora` its adapters alone, `full` all of it but the layer after the
            blocks that only next-sentence prediction uses.
        lora_rank: Rank of the adapters.
        lora_targets: Layers that get one.

    Returns:
        The adapters, none but for `lora`.
    """
    adapters = add_adapters(backbone, lora_rank, lora_targets) if mode == "lora" else []
    unused = getattr(backbone, "pooled_dense", None)
    frozen = () if unused is None else unused.weights
    _set_trainable(backbone.weights, mode == "full")
    _set_trainable(frozen, False)
    for adapter in adapters:
        _set_trainable((adapter.down, adapter.up), True)
    return adapters


def _set_trainable(weights: Sequence[keras.Variable], trainable: bool) -> None:
    for weight in weights:
        weight.trainable = trainable
