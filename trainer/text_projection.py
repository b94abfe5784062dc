"""The dense layer that sentence-transformers puts after the pooling: folder `2_Dense`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, Field
from safetensors.numpy import save_file

from trainer.text_files import TextCheckpointError, read_json, read_tensors

if TYPE_CHECKING:
    import keras

PROJECTION_FOLDER = "2_Dense"
ACTIVATIONS = {
    "torch.nn.modules.linear.Identity": "linear",
    "torch.nn.modules.activation.Tanh": "tanh",
}
"""From sentence-transformers' name of an activation to Keras' name."""


class DenseConfig(BaseModel):
    """The fields of 2_Dense/config.json."""

    in_features: int = Field(ge=1)
    out_features: int = Field(ge=1)
    bias: bool = True
    activation_function: Literal["torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Tanh"] = (
        "torch.nn.modules.activation.Tanh"
    )


@dataclass(frozen=True)
class ProjectionWeights:
    """A dense layer as it is stored.

    Attributes:
        kernel: [width, outputs] float32.
        bias: [outputs] float32.
        activation: Keras' name.
    """

    kernel: np.ndarray
    bias: np.ndarray
    activation: str


def read_projection(folder: Path, width: int) -> ProjectionWeights | None:
    """Read `2_Dense` of a checkpoint; None where there is none.

    Args:
        folder: The checkpoint.
        width: Length of a token vector.

    Raises:
        TextCheckpointError: A file that cannot be used, with the tensor at fault.
    """
    inside = folder / PROJECTION_FOLDER
    if not inside.exists():
        return None
    config = read_json(inside / "config.json", DenseConfig)
    if config.in_features != width:
        raise TextCheckpointError(f"{inside / 'config.json'}: in_features is {config.in_features}, must be {width}")
    path = inside / "model.safetensors"
    tensors = read_tensors(path)
    expected: dict[str, tuple[int, ...]] = {"linear.weight": (config.out_features, width)}
    if config.bias:
        expected["linear.bias"] = (config.out_features,)
    for name, shape in expected.items():
        if name not in tensors:
            raise TextCheckpointError(f"{path}: weight {name} is missing")
        if tensors[name].shape != shape:
            raise TextCheckpointError(
                f"{path}: weight {name} has shape {tensors[name].shape}, config.json asks for {shape}"
            )
    bias = tensors["linear.bias"] if config.bias else np.zeros(config.out_features)
    kernel = np.ascontiguousarray(tensors["linear.weight"].T.astype(np.float32))
    return ProjectionWeights(kernel, bias.astype(np.float32), ACTIVATIONS[config.activation_function])


def write_projection(folder: Path, projection: "keras.layers.Dense") -> None:
    """Write `2_Dense` into a checkpoint folder."""
    import keras

    inside = folder / PROJECTION_FOLDER
    inside.mkdir(parents=True, exist_ok=True)
    kernel, bias = (weight.numpy() for weight in (projection.kernel, projection.bias))
    activation = keras.activations.serialize(projection.activation)
    config = DenseConfig(
        in_features=kernel.shape[0],
        out_features=kernel.shape[1],
        activation_function=next(theirs for theirs, ours in ACTIVATIONS.items() if ours == activation),
    )
    (inside / "config.json").write_text(json.dumps(config.model_dump(), indent=2) + "\n")
    tensors = {"linear.weight": np.ascontiguousarray(kernel.T), "linear.bias": bias}
    save_file(tensors, inside / "model.safetensors", metadata={"format": "pt"})


def make_projection(width: int, outputs: int, activation: str) -> "keras.layers.Dense":
    """A dense layer, [B, width] to [B, outputs], that changes no angle between vectors where it is square.

    It begins as the identity, or as orthonormal columns where it shortens the vectors.
    """
    # Reading a checkpoint must not cost the import of Keras.
    import keras

    initializer = "identity" if outputs == width else keras.initializers.Orthogonal(seed=0)
    layer = keras.layers.Dense(
        outputs, activation=activation, kernel_initializer=initializer, dtype="float32", name="projection"
    )
    layer.build((None, width))
    return layer
