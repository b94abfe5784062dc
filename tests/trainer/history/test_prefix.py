import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.history.prefix import StateAtPrefix, prefix_lengths, visible_prefix


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_the_prefix_ends_at_the_first_hidden_event(visible: list[bool]) -> None:
    length = visible.index(False) if False in visible else len(visible)
    assert prefix_lengths(np.array([[visible]])).numpy().item() == length
    expected = np.arange(len(visible)) < length
    np.testing.assert_array_equal(visible_prefix(np.array(visible)), expected)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_the_state_after_the_prefix_is_picked(length: int) -> None:
    states = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    layer = StateAtPrefix()
    picked = layer(states, (np.arange(3) < length)[None, None, :])
    expected = states[0, length - 1] if length else layer.get_weights()[0]
    np.testing.assert_array_equal(picked[0, 0], expected)
