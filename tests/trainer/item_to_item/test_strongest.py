import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from trainer.item_to_item.strongest import Strength, keep_strongest, strongest_of_row

VALUES = st.lists(st.integers(-3, 3), max_size=12)


@given(VALUES, st.integers(1, 14), st.sampled_from(["value", "magnitude"]))
def test_the_strongest_come_first_and_the_first_of_equals(values: list[int], count: int, by: Strength) -> None:
    strength = [abs(value) if by == "magnitude" else value for value in values]
    expected = sorted(range(len(values)), key=lambda place: (-strength[place], place))[:count]
    assert strongest_of_row(np.array(values, np.float32), count, by).tolist() == expected


@given(st.lists(st.lists(st.integers(-3, 3), min_size=5, max_size=5), max_size=6), st.integers(1, 6))
def test_each_row_keeps_its_own(rows: list[list[int]], count: int) -> None:
    dense = np.array(rows, np.float32).reshape(-1, 5)
    found = keep_strongest(sp.csr_matrix(dense), count, "magnitude")
    expected = np.zeros_like(dense)
    for row, values in enumerate(dense):
        kept = sorted(np.flatnonzero(values), key=lambda place: (-abs(values[place]), place))[:count]
        expected[row, kept] = values[kept]
    np.testing.assert_array_equal(found.toarray(), expected)


def test_none_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="^count is 0, expected at least 1$"):
        keep_strongest(sp.csr_matrix((2, 2)), 0)
