"""How many bytes the parts of a servable take on disk, and so in the memory of a server."""

from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

_ITEMS = ("retrieval/store/", "retrieval/index/", "raw/_search/_texts")
"""Where TensorFlow finds the variables of item store and index: the table of texts first as that of the search."""

_ENCODER = ("raw/_encoder_variables/",)


@dataclass(frozen=True)
class SavedBytes:
    """Sizes in bytes.

    Attributes:
        items: Item store and index: vectors, categories and statistics of all items.
        encoder: Weights of the text encoder.
        total: All files of the servable.
    """

    items: int
    encoder: int
    total: int


def saved_bytes(saved_model: Path) -> SavedBytes:
    """Measure a SavedModel."""
    reader = tf.train.load_checkpoint(str(saved_model / "variables" / "variables"))
    shapes, kinds = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    sizes = {name: tf.TensorShape(shape).num_elements() * kinds[name].size for name, shape in shapes.items()}

    def of(prefixes: tuple[str, ...]) -> int:
        return sum(size for name, size in sizes.items() if name.startswith(prefixes))

    total = sum(path.stat().st_size for path in saved_model.rglob("*") if path.is_file())
    return SavedBytes(of(_ITEMS), of(_ENCODER), total)
