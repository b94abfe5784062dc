from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from tfx_pipeline.benchmarks.warm_start.measured_ranker import household_events
from trainer.features import USER_ID
from trainer.mining import cases_of, request_times

MOMENT: Any = SimpleNamespace(
    words={USER_ID: np.array(["7", "3"], object)},
    catalogue=SimpleNamespace(item_ids=np.array(["20", "10", "30"], object)),
)


def lines(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["household_id", "product_id", "seconds"])


def test_a_household_is_what_it_bought_before_and_what_after() -> None:
    before = lines((3, 10, 1), (3, 30, 5), (4, 10, 2), (7, 20, 3))
    after = lines((7, 99, 12), (3, 20, 11), (3, 10, 12), (5, 30, 13))
    events = household_events(MOMENT, before, after)
    # Household 4 bought nothing after, 5 is a stranger, and 99 is no item of the catalogue.
    assert events.users.tolist() == [1, 2, 0]
    assert events.offsets.tolist() == [0, 4, 5, 7]
    assert events.items.tolist() == [1, 2, 0, 1, 2, 0, 3]
    assert events.is_target.tolist() == [False, False, True, True, True, False, True]
    cases = cases_of(events, 4, 3, {"purchase": [0]}, 2, request_times(events, each_by_itself=False))
    assert cases.history.tolist() == [[1, 2, -1, -1], [-1] * 4, [0, -1, -1, -1]]
    assert cases.targets[0].tolist() == [0, 1, 6, 11]
