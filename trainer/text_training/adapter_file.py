"""The adapters of an encoder in a file of their own, beside the folder of the network that they are merged into."""

from pathlib import Path

import keras
from safetensors.numpy import save_file

from trainer.text_encoder import TextEncoder
from trainer.text_files import TextCheckpointError, read_tensors
from trainer.text_lora import adapters_of

ADAPTERS_FILE = "adapters.safetensors"


def save_adapters(encoder: TextEncoder, folder: Path) -> None:
    """Write A and B of each adapter of an encoder of mode `lora` into the folder that `save_folder` wrote."""
    save_file({name: variable.numpy() for name, variable in _variables(encoder).items()}, folder / ADAPTERS_FILE)


def restore_adapters(encoder: TextEncoder, folder: Path) -> None:
    """Take the adapters out of the kernels again, and go on with them.

    `TextEncoder.load` in mode `lora` puts new adapters on the merged kernels W + A B. Training these would add another
    update of the rank to the first one, so that after some trainings nothing would be left of the low rank. Here the
    kernels become W again, up to rounding, and the adapters A and B: the encoder gives the vectors that it gave.

    Args:
        encoder: Loaded from the folder in mode `lora`; changed in place.
        folder: What `save_adapters` wrote into.

    Raises:
        TextCheckpointError: The file cannot be read, or holds other adapters.
    """
    path, variables = folder / ADAPTERS_FILE, _variables(encoder)
    tensors = read_tensors(path)
    if {name: tensor.shape for name, tensor in tensors.items()} != {
        name: tuple(variable.shape) for name, variable in variables.items()
    }:
        raise TextCheckpointError(f"{path}: holds other adapters than the encoder has")
    for name, variable in variables.items():
        variable.assign(tensors[name])
    for adapter in adapters_of(encoder.backbone):
        update = adapter.down.numpy() @ adapter.up.numpy()
        kernel = adapter.base.kernel
        kernel.assign(kernel.numpy() - update.reshape(kernel.shape))


def _variables(encoder: TextEncoder) -> dict[str, keras.Variable]:
    """A and B of each adapter; the adapters are numbered in the order of the blocks."""
    return {
        f"{place}.{adapter.base.name}.{name}": variable
        for place, adapter in enumerate(adapters_of(encoder.backbone))
        for name, variable in (("down", adapter.down), ("up", adapter.up))
    }
