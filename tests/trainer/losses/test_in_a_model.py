"""Every loss in a small keras.Model: it learns a known pattern, and survives saving."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from trainer.losses import (
    Candidates,
    FullSoftmax,
    HardNegatives,
    InBatchNegatives,
    MixedNegatives,
    QueueNegatives,
    RefreshIndex,
    SampledSoftmax,
)

COUNT = 10
PERMUTATION = np.random.default_rng(4).permutation(COUNT)


@keras.saving.register_keras_serializable(package="shoprank_test")
class Towers(keras.Model):
    """Ten users and ten items, an id embedding each."""

    def __init__(self, loss_layer: keras.layers.Layer, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.users = keras.layers.Embedding(COUNT, 8, name="users")
        self.items = keras.layers.Embedding(COUNT + 1, 8, name="items")
        self.loss_layer = loss_layer

    def build(self, input_shape: object) -> None:
        self.users.build((None,))
        self.items.build((None,))
        if not self.loss_layer.built:
            self.loss_layer.build((None, 8))

    def embed(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        return ops.normalize(self.items(rows), axis=-1)

    def call(self, inputs: dict[str, keras.KerasTensor], training: bool = False) -> keras.KerasTensor:
        rows = inputs["rows"]
        queries = ops.normalize(self.users(inputs["users"]), axis=-1)
        log_q = ops.full(ops.shape(rows), -float(np.log(COUNT)))
        targets = Candidates(self.embed(rows), rows, log_q)
        weights = ops.cast(rows >= 0, "float32")
        return self.loss_layer(queries, targets, weights, embed=self.embed, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs: object) -> keras.KerasTensor:
        return y_pred

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "loss_layer": keras.saving.serialize_keras_object(self.loss_layer)}

    @classmethod
    def from_config(cls, config: dict) -> "Towers":
        return cls(**{**config, "loss_layer": keras.saving.deserialize_keras_object(config["loss_layer"])})


def inputs() -> dict[str, np.ndarray]:
    return {"users": np.arange(COUNT), "rows": PERMUTATION}


def fit(loss_layer: keras.layers.Layer, epochs: int) -> Towers:
    keras.utils.set_random_seed(1)
    model = Towers(loss_layer)
    model.build(None)
    model.compile(optimizer=keras.optimizers.Adam(0.05), jit_compile=False)
    sources = getattr(loss_layer, "negatives", [])
    callbacks = [RefreshIndex(each, model.embed) for each in sources if isinstance(each, HardNegatives)]
    # Batches of five: half of the items are never in-batch negatives of a step.
    data = {name: np.tile(values, 8) for name, values in inputs().items()}
    model.fit(data, batch_size=5, epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def hit_rate(model: Towers) -> float:
    """HR@1 over the ten users."""
    scores = ops.matmul(ops.normalize(model.users(np.arange(COUNT))), ops.transpose(model.embed(np.arange(COUNT))))
    return float(np.mean(np.argmax(scores, axis=1) == PERMUTATION))


LOSSES: dict[str, Callable[[], keras.layers.Layer]] = {
    "in_batch": lambda: SampledSoftmax(),
    "queue": lambda: SampledSoftmax([InBatchNegatives(), QueueNegatives(20)]),
    "mixed": lambda: SampledSoftmax([MixedNegatives(COUNT, 8, 0.5)]),
    "hard": lambda: SampledSoftmax([HardNegatives(COUNT, 2, searched=6)]),
    "all": lambda: SampledSoftmax(
        [InBatchNegatives(), QueueNegatives(12), MixedNegatives(COUNT, 8), HardNegatives(COUNT, 2)]
    ),
    "full": lambda: FullSoftmax(COUNT),
}


@pytest.fixture(scope="module", params=LOSSES)
def fitted(request: pytest.FixtureRequest) -> Towers:
    return fit(LOSSES[request.param](), epochs=8)


def test_a_permutation_is_learned_by_heart(fitted: Towers) -> None:
    assert hit_rate(fitted) == 1


def test_a_saved_model_is_complete(fitted: Towers, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert len(restored.weights) == len(fitted.weights)
    for before, after in zip(fitted.weights, restored.weights, strict=True):
        np.testing.assert_array_equal(before, after)
    # Keras does not save how far a seed generator has come, and the draws should be the same.
    for before, after in zip(fitted.non_trainable_variables, restored.non_trainable_variables, strict=True):
        after.assign(before)
    assert float(restored(inputs())) == pytest.approx(float(fitted(inputs())), rel=1e-6)
