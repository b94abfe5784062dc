import os
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import pytest
import tensorflow as tf

from tfx_pipeline.feature_words import feature_words
from trainer.cross_features import CrossFeatures
from trainer.item_store import ItemStore


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("log_week_share", "popularity of the week"),
        ("count_tau_8", "chosen in the last 8 events or so"),
        ("count_tau_1e+09", "how often it was chosen"),
        ("count_days_30", "chosen in the last 30 days or so"),
        ("count_add_to_cart", "events of add_to_cart"),
        ("category_1_share", "share of its department in the history"),
        ("category_9_count", "its category chosen of late"),
        ("a_feature_of_tomorrow", "a feature of tomorrow"),
    ],
)
def test_words_of_features(name: str, words: str) -> None:
    assert feature_words(name) == words


def test_every_feature_of_the_ranker_has_words_of_its_own() -> None:
    store: Any = SimpleNamespace(NUMBERS=ItemStore.NUMBERS, categories=np.zeros((2, 3)))
    neighbours: Any = None
    names = CrossFeatures(store, neighbours, tf.ones([1, 1]), ("purchase",)).names
    words = [feature_words(name) for name in names]
    assert [name for name, said in zip(names, words, strict=True) if said == name.replace("_", " ")] == ["price"]
    assert len(set(words)) == len(names)
