"""A draw of texts that comes out the same for each text whatever other texts there are."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

_BYTES = 8


def digest_shares(texts: Sequence[str]) -> np.ndarray:
    """A number from 0 to 1 for each text, [N] float64: its digest over the largest one.

    What lies below some share stays there in every later training, over whatever texts: an encoder that goes on from an
    earlier one is not measured on what that one was trained on. Where a number of texts is held out in place of a
    share, that holds while the texts grow in number; of fewer texts some may have been trained on.
    """
    digests = [blake2b(text.encode(errors="replace"), digest_size=_BYTES).digest() for text in texts]
    return np.array([int.from_bytes(digest, "big") / 256**_BYTES for digest in digests], np.float64)
