from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.next_item import next_item_windows


def test_windows_of_a_long_and_a_short_sequence() -> None:
    windows = next_item_windows([np.arange(6), np.array([7]), np.array([8, 9])], length=3, users=[4, 5, 6])
    assert windows["history"].tolist() == [[2, 3, 4], [0, 1, -1], [8, -1, -1]]
    assert windows["targets"].tolist() == [[3, 4, 5], [1, 2, -1], [9, -1, -1]]
    assert windows["users"].tolist() == [4, 4, 6]
    assert "users" not in next_item_windows([np.arange(6)], length=3)


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=5), st.integers(1, 6))
def test_every_item_but_the_first_is_a_target_once_and_follows_its_history(
    sequences: list[list[int]], length: int
) -> None:
    windows = next_item_windows([np.array(items, int) for items in sequences], length)
    pairs = [pair for items in sequences for pair in pairwise(items)]
    shown = windows["targets"] >= 0
    found = list(zip(windows["history"][shown].tolist(), windows["targets"][shown].tolist(), strict=True))
    assert sorted(found) == sorted(pairs)
    assert ((windows["history"] >= 0) == shown).all()


def test_a_window_has_a_position() -> None:
    with pytest.raises(ValueError, match="^length is 0, expected 1 or more$"):
        next_item_windows([], 0)
