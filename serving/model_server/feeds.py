"""The last check before arrays go into a graph: a prepared call does not look at them, and a wrong one may crash it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from serving.model_server.errors import invalid_argument


@dataclass(frozen=True)
class Feed:
    """What one input of a signature takes.

    Attributes:
        name: Name of the input.
        dtype: Type of its elements; object for strings.
        shape: Sizes, None where any will do; None for any rank.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...] | None

    def check(self, value: Any) -> NDArray[Any]:
        """Return the array to feed.

        Raises:
            RequestError: INVALID_ARGUMENT for another dtype or shape.
        """
        array = np.asarray(value)
        is_text = self.dtype == object and array.dtype.kind in "SU"
        if array.dtype != self.dtype and not is_text:
            raise invalid_argument(f"input {self.name} is {array.dtype}, {self.dtype} is expected")
        if self.shape is not None and not self._takes(array.shape):
            sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
            raise invalid_argument(f"input {self.name} has shape {list(array.shape)}, [{sizes}] is expected")
        return array

    def _takes(self, sizes: tuple[int, ...]) -> bool:
        expected = self.shape or ()
        return len(sizes) == len(expected) and all(
            wanted is None or wanted == size for wanted, size in zip(expected, sizes, strict=True)
        )


def read_feeds(signature: Any) -> dict[str, Feed]:
    """Return input name -> what it takes, of a SignatureDef, in the order of the names."""
    feeds = {}
    for name, info in sorted(signature.inputs.items()):
        shape = tf.TensorShape(info.tensor_shape)
        dtype = np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype)
        feeds[name] = Feed(name, dtype, None if shape.rank is None else tuple(shape.as_list()))
    return feeds


def check_feeds(feeds: Mapping[str, Feed], inputs: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays to feed, in the order of the feeds.

    Raises:
        RequestError: INVALID_ARGUMENT for an input that is missing, unknown, or of another dtype or shape.
    """
    if inputs.keys() != feeds.keys():
        wrong = ", ".join(sorted(inputs.keys() ^ feeds.keys()))
        raise invalid_argument(f"input {wrong} is missing or unknown; the signature takes {', '.join(feeds)}")
    return {name: feed.check(inputs[name]) for name, feed in feeds.items()}
