import numpy as np
import pytest

from trainer.item_to_item.most_bought import most_bought


@pytest.mark.parametrize(
    ("items", "expected"), [(1, [3]), (2, [0, 3]), (3, [0, 3, 4]), (9, [0, 3, 4]), (None, [0, 3, 4])]
)
def test_the_most_bought_items_in_catalogue_order(items: int | None, expected: list[int]) -> None:
    assert most_bought(np.array([2, 0, 0, 5, 2]), items).tolist() == expected
