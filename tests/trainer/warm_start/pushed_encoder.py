"""A pushed version whose text encoder a later training may go on from."""

import json
from dataclasses import asdict
from pathlib import Path

from trainer.hyperparameters import Hyperparameters
from trainer.model_parts import ModelParts
from trainer.shop_encoder import ENCODER_FOLDER
from trainer.text_encoder import TextEncoder
from trainer.text_training.adapter_file import save_adapters
from trainer.text_training.encoder_origin import EncoderOrigin
from trainer.warm_start.continuation import Continuation

SETTINGS = Hyperparameters({}, {}, {}, {}, {}, {}, seed=7)


def push_encoder(
    run_dir: Path, encoder: TextEncoder | None, origin: EncoderOrigin | None, learning_rate_share: float = 1.0
) -> Continuation:
    """Write a version that hands on an encoder, None for a version without, and say how to go on from it."""
    root, version = run_dir / "tfx", run_dir / "serving" / "shoprank" / "17"
    parts = ModelParts(root / "package", root / "transform", root / "ranker.keras", json.dumps(asdict(SETTINGS)))
    for path in (parts.package, parts.transform, version):
        path.mkdir(parents=True)
    parts.ranker.touch()
    parts.save(version)
    if encoder is not None:
        folder = parts.package / ENCODER_FOLDER
        encoder.save_folder(folder)
        if encoder.mode == "lora":
            save_adapters(encoder, folder)
        if origin is not None:
            origin.save(folder)
    return Continuation(version, 1, learning_rate_share, 0.0, 0.5)
