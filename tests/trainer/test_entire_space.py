import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.entire_space import entire_space_logits
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss

NAMES = ["purchase", "click", "cart", "rating"]
GIVEN = {"purchase": "cart", "cart": "click"}


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def test_probabilities_are_products() -> None:
    """Ma et al. 2018, equation 1, along a chain of two conditions."""
    conditional = np.random.default_rng(0).normal(0, 3, (4, 5, 4))
    purchase, click, cart, rating = np.moveaxis(sigmoid(conditional), -1, 0)
    expected = np.stack([click * cart * purchase, click, click * cart, rating], axis=-1)
    logits = entire_space_logits(tf.constant(conditional), NAMES, GIVEN).numpy()
    np.testing.assert_allclose(sigmoid(logits), expected, rtol=1e-12)


def test_without_conditions_logits_stay() -> None:
    conditional = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(entire_space_logits(tf.constant(conditional), NAMES, {}), conditional)


@pytest.mark.parametrize(("a", "b"), [(80, 80), (-80, -80), (-200, 200), (200, -200), (0, 300), (-300, 0)])
def test_float32_is_enough_where_probabilities_would_round(a: float, b: float) -> None:
    conditional = tf.Variable([[[float(b), float(a)]]])
    with tf.GradientTape() as tape:
        logits = entire_space_logits(conditional, ["purchase", "click"], {"purchase": "click"})
    exact = -np.logaddexp.reduce([-a, -b, -a - b])
    assert logits.numpy()[0, 0].tolist() == pytest.approx([exact, a], rel=1e-6)
    assert np.isfinite(tape.gradient(logits, conditional).numpy()).all()


def test_conversion_is_learned_over_all_impressions() -> None:
    """Clicks come with the first feature and purchases after a click with the second: both factors are found, though
    nobody tells the ranker which impressions a purchase was possible in."""
    random = np.random.default_rng(3)
    features = random.normal(size=(600, 10, 2)).astype(np.float32)
    click = random.random((600, 10)) < sigmoid(2 * features[..., 0] - 1)
    purchase = click & (random.random((600, 10)) < sigmoid(2 * features[..., 1] - 1))
    labels = np.stack([purchase, click], axis=-1).astype(np.float32)
    keras.utils.set_random_seed(0)
    ranker = Ranker(["purchase", "click"], 2, [], given={"purchase": "click"}, crosses=0)
    ranker.compile(optimizer=keras.optimizers.Adam(0.05), loss=RankerLoss(0.0))
    ranker.fit(features, labels, batch_size=50, epochs=10, verbose=0)
    fresh = random.normal(size=(1, 500, 2)).astype(np.float32)
    conditional, clicked = np.moveaxis(sigmoid(ranker.heads(ranker.last_layer(fresh)).numpy()[0]), -1, 0)
    assert np.abs(clicked - sigmoid(2 * fresh[0, :, 0] - 1)).mean() < 0.06
    assert np.abs(conditional - sigmoid(2 * fresh[0, :, 1] - 1)).mean() < 0.06
    bought = sigmoid(ranker(fresh).numpy()[0, :, 0])
    np.testing.assert_allclose(bought, conditional * clicked, rtol=1e-4)
