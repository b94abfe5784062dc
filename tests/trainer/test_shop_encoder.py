from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from trainer.hyperparameters import Hyperparameters
from trainer.shop_encoder import (
    CROSS_ENCODER_FOLDER,
    ENCODER_FOLDER,
    encoder_folder,
    hand_on_networks,
    load_cross_encoder,
    load_shop_encoder,
)
from trainer.text_encoder import TextEncoder
from trainer.text_training.cross_encoder import CrossEncoder

TEXTS = tf.constant(["whole milk", "rye bread"])


def test_without_a_trained_encoder_the_checkpoint_is_meant(
    tmp_path: Path, settings: Hyperparameters, text_encoder: TextEncoder
) -> None:
    hand_on_networks(tmp_path / "before", tmp_path / "after")
    assert encoder_folder(tmp_path / "after", None) is None
    assert encoder_folder(tmp_path / "after", settings.checkpoint) == settings.checkpoint
    np.testing.assert_allclose(load_shop_encoder(tmp_path / "after", settings)(TEXTS), text_encoder(TEXTS), atol=1e-6)
    assert load_cross_encoder(tmp_path / "after") is None


def test_trained_networks_travel_with_the_artifacts(tmp_path: Path, settings: Hyperparameters) -> None:
    trained = TextEncoder.load(settings.checkpoint, 8, mode="full")
    for variable in trained.trainable_variables:
        variable.assign(variable * 1.1)
    trained.save_folder(tmp_path / "before" / ENCODER_FOLDER)
    CrossEncoder(trained, query_tokens=3).save_folder(tmp_path / "before" / CROSS_ENCODER_FOLDER)
    hand_on_networks(tmp_path / "before", tmp_path / "after")
    elsewhere = replace(settings, text={**settings.text, "checkpoint": str(tmp_path / "gone")})
    loaded = load_shop_encoder(tmp_path / "after", elsewhere)
    np.testing.assert_allclose(loaded(TEXTS), trained(TEXTS), atol=1e-5)
    model = load_cross_encoder(tmp_path / "after")
    assert model is not None and model.query_tokens == 3
