import numpy as np
import pytest

from trainer.history import CausalAttention, HistoryEvents
from trainer.history.prefix import prefix_lengths


def test_the_state_is_that_of_the_blocks_after_the_last_visible_event(events: HistoryEvents) -> None:
    encoder = CausalAttention(6, blocks=2, heads=2)
    encoded, lengths = encoder(events).numpy(), prefix_lengths(events.visible).numpy()
    for row, view in np.ndindex(*lengths.shape):
        length = lengths[row, view]
        if not length:
            np.testing.assert_array_equal(encoded[row, view], encoder.state_at_prefix.get_weights()[0])
            continue
        states = events.vectors[row : row + 1, :length] * np.sqrt(6)
        for block in encoder.blocks:
            states = block(states)
        np.testing.assert_allclose(encoded[row, view], encoder.normalization(states)[0, -1], atol=1e-5)


@pytest.mark.parametrize(("width", "projects"), [(6, False), (8, True)])
def test_only_vectors_of_another_length_are_projected(events: HistoryEvents, width: int, projects: bool) -> None:
    encoder = CausalAttention(width)
    encoder(events)
    assert bool(encoder.projection.weights) is projects


def test_the_order_of_the_events_counts(events: HistoryEvents) -> None:
    encoder = CausalAttention(6)
    encoder(events)
    for block in encoder.blocks:
        block.attention.distance_biases.assign(np.random.default_rng(0).normal(size=(2, 256)))
    swapped = events._replace(vectors=events.vectors[:, [1, 0, 2, 3, 4, 5, 6]])
    difference = np.abs(encoder(swapped).numpy() - encoder(events).numpy()).max(axis=-1)
    assert (difference[0, 2:] > 1e-4).all()


def test_no_blocks_are_no_encoder() -> None:
    with pytest.raises(ValueError, match=r"^blocks: at least 1, not 0$"):
        CausalAttention(6, blocks=0)
