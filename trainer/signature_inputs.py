"""The inputs of each signature of the servable: what a client sends."""

import tensorflow as tf

_STRINGS = tf.TensorSpec([None], tf.string)
_STRING_LISTS = tf.TensorSpec([None, None], tf.string)
_COUNTS = tf.TensorSpec([None], tf.int32)
_NUMBERS = tf.TensorSpec([None], tf.float32)
_USER_SIDE = {
    "user_id": _STRINGS,
    "history_item_ids": _STRING_LISTS,
    "history_event_types": _STRING_LISTS,
    "history_ages": tf.TensorSpec([None, None], tf.float32),
    "query": _STRINGS,
}
FILTERS = {
    "exclude_item_ids": _STRING_LISTS,
    "allow_item_ids": _STRING_LISTS,
    "category": _STRINGS,
    "lowest_price": _NUMBERS,
    "highest_price": _NUMBERS,
}
"""What restricts the catalogue, in every signature that searches it."""
_SLATE = {
    **_USER_SIDE,
    **FILTERS,
    "k": _COUNTS,
    "policy": _STRINGS,
    "seed": tf.TensorSpec([None], tf.int64),
}
_CANDIDATES = {"candidate_item_ids": _STRING_LISTS}
INPUTS = {
    "recommend": _SLATE,
    "propensities": {**_SLATE, **_CANDIDATES},
    "rank": {**_USER_SIDE, **_CANDIDATES},
    "explain": {**_USER_SIDE, **_CANDIDATES},
    "retrieve": {**_USER_SIDE, **FILTERS, "k": _COUNTS},
    "similar_items": {"item_id": _STRINGS, "title": _STRINGS, "description": _STRINGS, **FILTERS, "k": _COUNTS},
    "embed_query": _USER_SIDE,
    "embed_item": {
        "item_id": _STRINGS,
        "title": _STRINGS,
        "description": _STRINGS,
        "category": _STRINGS,
        "price": _NUMBERS,
    },
    "serving_default": {"examples": _STRINGS},
}
"""Signature -> name -> spec; every input has a leading batch dimension."""


def named_inputs(signature: str) -> dict[str, tf.TensorSpec]:
    """The inputs of a signature, each spec with its name."""
    return {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in INPUTS[signature].items()}
