"""DP-SGD on the real towers and windows, from the file to the trained weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import trainer.privacy.private_training as private_training
from tests.trainer.privacy.conftest import SIZES, USERS
from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.privacy.private_training import train_private_towers
from trainer.privacy.settings import PrivacySettings
from trainer.privacy.statement import PrivacyStatement

PRIVACY = PrivacySettings(noise_multiplier=0.01, clip_norm=1.0, delta=1e-3, expected_users=10, steps=25)


def test_it_learns(user_files, catalogue, item_texts, private_settings, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(private_training, "epsilon_of", lambda *a: 2.5)
    import time; t=time.time()
    model = train_private_towers(user_files, catalogue, item_texts.vectors, SIZES, private_settings, PRIVACY, tmp_path, noise_seed=3)
    print("SECONDS", time.time()-t)
    history = np.array([[0, 1, 2], [6, 7, 8]])
    print(model.recommend({"users": np.array([1, 2]), "history": history}, k=6)[0])
    print(PrivacyStatement.load(tmp_path))
    print([ (v.path, float(tf.reduce_max(tf.abs(v.value)))) for v in model.trainable_variables])
