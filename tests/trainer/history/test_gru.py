import numpy as np

from trainer.history import GRUHistory, HistoryEvents
from trainer.history.prefix import prefix_lengths


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def gru_states(vectors: np.ndarray, weights: list[np.ndarray]) -> list[np.ndarray]:
    """Cho et al. 2014, equations 5 to 8, with the reset gate after the product, as in cuDNN and Keras."""
    kernel, recurrent, (input_bias, state_bias) = weights
    state, states = np.zeros(len(recurrent)), []
    for vector in vectors:
        from_input = np.split(vector @ kernel + input_bias, 3)
        from_state = np.split(state @ recurrent + state_bias, 3)
        update, reset = (sigmoid(from_input[gate] + from_state[gate]) for gate in (0, 1))
        proposed = np.tanh(from_input[2] + reset * from_state[2])
        state = update * state + (1 - update) * proposed
        states.append(state)
    return states


def test_agrees_with_numpy(events: HistoryEvents) -> None:
    encoder = GRUHistory(5)
    encoded, lengths = encoder(events).numpy(), prefix_lengths(events.visible).numpy()
    weights = [np.asarray(weight, np.float64) for weight in encoder.gru.get_weights()]
    start = encoder.state_at_prefix.get_weights()[0]
    for row, view in np.ndindex(*lengths.shape):
        states = [start, *gru_states(events.vectors[row], weights)]
        np.testing.assert_allclose(encoded[row, view], states[lengths[row, view]], atol=1e-5)


def test_an_event_after_a_hidden_one_does_not_count(events: HistoryEvents) -> None:
    encoder = GRUHistory(5)
    encoded = encoder(events).numpy()
    # User 1 may not see event 2: whoever sees more events than that has the state after event 1.
    np.testing.assert_array_equal(encoded[1, 3], encoded[1, 2])
    np.testing.assert_array_equal(encoded[1, 4], encoded[1, 2])
    assert np.abs(encoded[1, 1] - encoded[1, 2]).max() > 1e-3
