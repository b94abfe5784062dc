"""A short name for what was asked."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from serving.feedback.schema import CONTEXT_COLUMNS

_BYTES = 16
_PRICES = ("lowest_price", "highest_price")
_FILTERS = ("allow_item_ids", "category", *_PRICES)


def context_digest(context: Mapping[str, Any]) -> str:
    """BLAKE2b (RFC 7693) of the user side of a request, 16 bytes in hexadecimal.

    Equal requests of one user have the same digest, whatever the policy, the seed and the length of the slate. It hides
    nothing from one who can guess the request: the same guess has the same digest.

    Args:
        context: The columns `CONTEXT_COLUMNS`; ages and prices are rounded to 32 bits, as the log keeps them.
    """
    parts = {name: context[name] for name in CONTEXT_COLUMNS}
    parts["history_ages"] = np.asarray(parts["history_ages"], np.float32).tolist()
    parts |= {name: None if np.isnan(parts[name]) else float(np.float32(parts[name])) for name in _PRICES}
    if all(parts[name] in ([], "", None) for name in _FILTERS):
        # A request without any filter has the digest that it had before there were filters.
        parts = {name: part for name, part in parts.items() if name not in _FILTERS}
    text = json.dumps(list(parts.values()), ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8"), digest_size=_BYTES).hexdigest()
