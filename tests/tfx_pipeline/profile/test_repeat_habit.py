from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.profile.repeat_habit import RepeatedItem, repeat_habit
from tfx_pipeline.profile.stored_shop import StoredShop


def test_shares(shop: StoredShop) -> None:
    habit = repeat_habit(shop, 0, most=5)
    assert habit.share == pytest.approx(2 / 4)
    assert habit.of_shop == pytest.approx(2 / 8)


def test_items_that_come_back(shop: StoredShop) -> None:
    habit = repeat_habit(shop, 0, most=5)
    assert habit.items == [RepeatedItem("v", "rye bread", 3, 135.0, 0.0)]
    assert repeat_habit(shop, 0, most=0).items == []


def test_lines_of_one_basket_are_one_time(shop: StoredShop) -> None:
    ages = np.array([[9, 9, 9, 0]] * 3, np.float32)
    assert repeat_habit(replace(shop, ages=ages), 0, most=5).items == []


def test_without_a_clock_there_are_no_days(shop: StoredShop) -> None:
    habit = repeat_habit(replace(shop, has_clock=False), 0, most=5)
    assert habit.items == [RepeatedItem("v", "rye bread", 3, None, None)]
