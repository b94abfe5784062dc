import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.warm_start.row_match import NEW, carried_rows, match_rows

WORDS = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=12)


@settings(deadline=None, derandomize=True)
@given(WORDS, WORDS, st.integers(0, 2**32 - 1))
def test_words_that_stay_keep_their_rows_bit_for_bit_whatever_comes_goes_and_moves(
    earlier: list[str], now: list[str], seed: int
) -> None:
    # Any bits, the ones of NaN and of -0.0 among them.
    bits = np.random.default_rng(seed).integers(0, 2**32, (len(earlier) + 1, 3), np.uint32)
    match = match_rows(earlier, now)
    carried = carried_rows(bits.view(np.float32), match).view(np.uint32)
    assert carried.shape == (len(now) + 1, 3)
    np.testing.assert_array_equal(carried[-1], bits[-1])
    for row, word in enumerate(now):
        wanted = bits[earlier.index(word)] if word in earlier else bits[-1]
        np.testing.assert_array_equal(carried[row], wanted)


def test_growth_shrinkage_and_reorder_at_once() -> None:
    match = match_rows(["milk", "bread", "soap"], ["soap", "brush", "milk"])
    assert match.tolist() == [2, NEW, 0]
    table = np.array([[1.0], [2.0], [3.0], [9.0]])
    assert carried_rows(table, match)[:, 0].tolist() == [3, 9, 1, 9]
    assert carried_rows(table, match, np.array([7.0]))[:, 0].tolist() == [3, 7, 1, 9]
    assert table[:, 0].tolist() == [1, 2, 3, 9]


@pytest.mark.parametrize("row", [3, -2])
def test_a_row_of_no_word_is_refused(row: int) -> None:
    with pytest.raises(ValueError, match=r"^match: rows .* where there are 3 words$"):
        carried_rows(np.zeros((4, 2)), np.array([0, row]))
