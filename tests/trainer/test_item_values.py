import numpy as np
import pytest

from trainer.item_values import value_feature, value_table

NAN = float("nan")


def test_what_is_not_known_is_worth_the_median() -> None:
    table = value_table([np.array([1.0, NAN, 8.0, 2.0]), None])
    assert table.tolist() == [[1, 1], [2, 1], [8, 1], [2, 1], [2, 1]]
    assert table.dtype == np.float32


def test_a_value_that_no_item_has() -> None:
    with pytest.raises(ValueError, match="no item has a value"):
        value_table([np.array([NAN, NAN])])


def test_a_price_is_the_contracts_and_a_margin_the_shops_own() -> None:
    assert (value_feature("price"), value_feature("margin")) == ("price", "item_margin")
