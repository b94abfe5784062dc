"""Items of many users as keys, against sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.tuning.chosen_items import ChosenItems

ITEMS, CASES = 5, 4
CHOICES = st.lists(st.frozensets(st.integers(0, ITEMS)), min_size=CASES, max_size=CASES)
TABLE = st.lists(st.lists(st.integers(-1, ITEMS - 1), min_size=3, max_size=3), min_size=CASES, max_size=CASES)


def chosen_of(choices: list[frozenset[int]], numbers: np.ndarray) -> ChosenItems:
    keys = [case * (ITEMS + 1) + item for case, items in enumerate(choices) for item in items]
    return ChosenItems.of_keys(np.sort(np.array(keys, np.int64)), numbers, ITEMS)


@given(CHOICES, TABLE, st.integers(1, 3))
def test_against_sets(choices: list[frozenset[int]], table: list[list[int]], every: int) -> None:
    """Item 5 is the unknown one, and some cases are left out."""
    numbers = np.arange(CASES)[::every]
    chosen, rows = chosen_of(choices, numbers), np.array(table)[::every]
    sets = [choices[number] - {ITEMS} for number in numbers]
    assert chosen.counts.tolist() == [len(items) for items in sets]
    assert chosen.contains(rows).tolist() == [
        [row in items for row in of_case] for items, of_case in zip(sets, rows.tolist(), strict=True)
    ]
    rest = chosen.without(rows)
    assert rest.counts.tolist() == [len(items - set(row)) for items, row in zip(sets, rows.tolist(), strict=True)]
