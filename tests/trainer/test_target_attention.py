from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import erf

from trainer.target_attention import TargetAttention

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def arrays() -> Arrays:
    """Two requests with three candidates and four events; the second request has two events."""
    random = np.random.default_rng(0)
    candidates, events = (random.normal(size=(2, count, 5)).astype(np.float32) for count in (3, 4))
    ages = random.uniform(0, 50, (2, 4)).astype(np.float32)
    ages[1, 2:] = -1
    return candidates, events, ages, ages >= 0


@pytest.fixture
def attention(arrays: Arrays) -> TargetAttention:
    keras.utils.set_random_seed(0)
    attention = TargetAttention(width=4, units=3)
    attention(*arrays)
    for weight in attention.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    return attention


def reference(attention: TargetAttention, arrays: Arrays) -> np.ndarray:
    """Zhou et al. 2018, equation 3 and figure 2: the network of (q, k, q * k, q - k), pair by pair, as it is written.

    The kernel of the difference is put at D, and taken out of those of q and k again, as A + D and B - D are learned.
    """
    candidates, events, ages, exists = arrays
    query, key, of_query, of_key, weigh = (
        (layer.kernel.numpy(), layer.bias.numpy() if layer.use_bias else 0)
        for layer in (attention.query, attention.key, attention.of_query, attention.of_key, attention.weigh)
    )
    of_both, of_difference = attention.of_both.numpy(), np.random.default_rng(2).normal(size=of_query[0].shape)
    kernel = np.concatenate([of_query[0] - of_difference, of_key[0] + of_difference, of_both, of_difference])
    output = np.zeros((2, 3, 8))
    for request, candidate in np.ndindex(2, 3):
        q = candidates[request, candidate] @ query[0] + query[1]
        seen = np.zeros(4)
        for event in np.flatnonzero(exists[request]):
            k = np.append(events[request, event], np.log1p(ages[request, event])) @ key[0] + key[1]
            hidden = np.concatenate([q, k, q * k, q - k]) @ kernel + of_query[1]
            activation = hidden / 2 * (1 + erf(hidden / np.sqrt(2)))
            seen += (activation @ weigh[0] + weigh[1]) * k
        output[request, candidate] = np.concatenate([q, seen])
    return output


def test_it_agrees_with_the_paper(attention: TargetAttention, arrays: Arrays) -> None:
    np.testing.assert_allclose(attention(*arrays).numpy(), reference(attention, arrays), rtol=1e-4, atol=1e-4)


def test_what_is_no_event_is_not_seen(attention: TargetAttention, arrays: Arrays) -> None:
    candidates, events, ages, exists = arrays
    changed = np.where(exists[:, :, None], events, 1e3).astype(np.float32)
    np.testing.assert_allclose(attention(candidates, changed, ages, exists), attention(*arrays), rtol=1e-6)
    for count in (4, 0):
        nobody = attention(candidates, events[:, :count], ages[:, :count], exists[:, :count] & False).numpy()
        assert not nobody[:, :, 4:].any()
        assert nobody[:, :, :4].any()


def test_saved_and_loaded(attention: TargetAttention, arrays: Arrays, tmp_path: Path) -> None:
    shapes = [((None, 5), "float32"), ((None, 5), "float32"), ((None,), "float32"), ((None,), "bool")]
    asked = [keras.Input(shape, dtype=kind) for shape, kind in shapes]
    model = keras.Model(asked, attention(*asked))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(list(arrays)), attention(*arrays), rtol=1e-6)
    assert TargetAttention.from_config(attention.get_config()).get_config() == attention.get_config()
