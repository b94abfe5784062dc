"""A short name for what was asked."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.feedback.schema import CONTEXT_COLUMNS

_BYTES = 16


def context_digest(context: Mapping[str, Any]) -> str:
    """BLAKE2b (RFC 7693) of the user side of a request, 16 bytes in hexadecimal.

    Equal requests of one user have the same digest, whatever the policy, the seed and the length of the slate. It hides
    nothing from one who can guess the request: the same guess has the same digest.

    Args:
        context: The columns `CONTEXT_COLUMNS`; ages are rounded to 32 bits, as the log keeps them.
    """
    parts = {name: context[name] for name in CONTEXT_COLUMNS}
    parts["history_ages"] = np.asarray(parts["history_ages"], np.float32).tolist()
    text = json.dumps([parts[name] for name in CONTEXT_COLUMNS], ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8"), digest_size=_BYTES).hexdigest()
