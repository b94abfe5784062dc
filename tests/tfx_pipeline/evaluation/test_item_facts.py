import numpy as np
import pytest

from tfx_pipeline.evaluation.item_facts import ItemFacts

POPULARITY = np.array([0.0, 3.0, 1.0])


def test_facts_of_every_item() -> None:
    facts = ItemFacts(POPULARITY, 3, np.array([0, -1, 1], np.int32), np.zeros((3, 2), np.float32))
    assert len(facts) == 3


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"user_count": 2}, "the popularity of an item is not between 0 and the 2 users"),
        ({"popularity": np.array([-1.0])}, "the popularity of an item is not between 0 and the 3 users"),
        ({"groups": np.zeros(2, np.int32)}, "groups have shape (2,), expected a row for each of 3 items"),
        ({"vectors": np.zeros(3, np.float32)}, "vectors have shape (3,), expected a row for each of 3 items"),
    ],
)
def test_parts_that_do_not_fit(parts: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        ItemFacts(**({"popularity": POPULARITY, "user_count": 3} | parts))
    assert str(error.value) == message
