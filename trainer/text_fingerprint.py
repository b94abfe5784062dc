"""A hash that tells two text encoders apart."""

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from trainer.text_lora import merged_weights

if TYPE_CHECKING:
    from trainer.text_encoder import TextEncoder

FINGERPRINT_VERSION = 2
"""To be raised when the same weights begin to give other vectors, so that old caches are left behind."""

TRAINING_ONLY = ("mode", "lora_rank", "lora_targets", "name", "backbone")
"""Of the configuration; the backbone's holds names that Keras counts up."""


def fingerprint_of(encoder: "TextEncoder") -> str:
    """Hash everything that decides a text's vector: tokenizer, network, precision and the weights of now.

    An encoder with adapters and one into which they are merged have the same fingerprint.
    """
    backbone = encoder.backbone
    parts = {name: value for name, value in encoder.get_config().items() if name not in TRAINING_ONLY}
    kind = [FINGERPRINT_VERSION, type(backbone).__name__, backbone.compute_dtype, getattr(backbone, "num_heads", None)]
    digest = hashlib.blake2b(json.dumps([kind, parts], sort_keys=True).encode(), digest_size=16)
    weights = merged_weights(backbone)
    if encoder.projection is not None:
        weights |= {weight.path: weight.numpy() for weight in encoder.projection.weights}
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}".encode())
        digest.update(np.ascontiguousarray(weights[name]).data)
    return digest.hexdigest()
