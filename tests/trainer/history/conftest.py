from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.history import CausalAttention, GRUHistory, HistoryEncoder, HistoryEvents, RecencyMean, event_shapes

BATCH, VIEWS, LENGTH, WIDTH = 4, 5, 7, 6


@pytest.fixture
def events() -> HistoryEvents:
    """View 0 sees nothing; user 1 has gaps in what is visible; user 3 has two events of padding."""
    random = np.random.default_rng(0)
    visible = np.arange(LENGTH) < np.array([0, 1, 3, 5, 7])[:, None]
    visible = visible[None].repeat(BATCH, axis=0)
    visible[1, :, 2] = False
    visible[3, :, 5:] = False
    days = np.sort(random.random((BATCH, LENGTH)) * 40, axis=1) + 18_000
    return HistoryEvents(
        vectors=random.normal(size=(BATCH, LENGTH, WIDTH)).astype(np.float32),
        visible=visible,
        event_types=random.integers(0, 3, (BATCH, LENGTH)),
        days=days.astype(np.float32),
        target_days=np.full((BATCH, VIEWS), 18_041, np.float32),
    )


def make_encoder(name: str) -> HistoryEncoder:
    keras.utils.set_random_seed(0)
    if name == "recency_mean":
        return RecencyMean((1.5, 20.0), (3.0,))
    if name == "gru":
        return GRUHistory(5)
    return CausalAttention(8, dropout=0.1, max_length=4)


@pytest.fixture(params=["recency_mean", "gru", "causal_attention"])
def encoder(request: pytest.FixtureRequest, events: HistoryEvents) -> HistoryEncoder:
    encoder = make_encoder(request.param)
    encoder(events)
    return encoder


@keras.saving.register_keras_serializable(package="shoprank_tests")
class Holder(keras.Model):
    """A model around one layer that takes events, as a model around a query tower has it."""

    def __init__(self, layer: keras.layers.Layer, **kwargs: object) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.layer = layer
        if not layer.built:
            layer.build(event_shapes(WIDTH))
        self.built = True

    def call(self, inputs: dict) -> tf.Tensor:
        return self.layer(HistoryEvents(**inputs))

    def get_config(self) -> dict:
        return {**super().get_config(), "layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict) -> "Holder":
        return cls(**{**config, "layer": keras.saving.deserialize_keras_object(config["layer"])})


@pytest.fixture
def saved(encoder: HistoryEncoder, tmp_path: Path) -> HistoryEncoder:
    """The encoder after `.keras` save and load."""
    Holder(encoder).save(tmp_path / "encoder.keras")
    return keras.saving.load_model(tmp_path / "encoder.keras").layer
