import numpy as np
import pytest

from tfx_pipeline.simulator.marks import ITEM, item_ids, row_of, user_ids


def test_ids_say_that_they_are_generated() -> None:
    assert user_ids(np.array([3])) == ["generated-user-000003"]
    assert item_ids(np.array([12, -1])) == ["generated-item-000012", ""]


def test_an_id_leads_back_to_its_row() -> None:
    assert [row_of(name, ITEM, 13) for name in item_ids(np.array([0, 12]))] == [0, 12]


@pytest.mark.parametrize("identifier", ["generated-item-000013", "generated-user-000001", "7", "generated-item--1", ""])
def test_what_is_no_id_of_the_shop_is_refused(identifier: str) -> None:
    message = f"'{identifier}' is not one of the 13 ids that start with 'generated-item-'"
    with pytest.raises(ValueError, match=f"^{message}$"):
        row_of(identifier, ITEM, 13)
