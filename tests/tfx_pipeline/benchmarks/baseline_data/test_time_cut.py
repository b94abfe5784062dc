from datetime import datetime

import numpy as np
import pyarrow as pa

from tfx_pipeline.benchmarks.baseline_data.time_cut import cut_in_time, split_events

CUT = datetime(2024, 5, 10)


def test_purchases_are_cut_at_a_moment() -> None:
    purchases = pa.table(
        {
            "user_id": ["b", "a", "a", "a", "a", "b", "c", "d"],
            "item_id": ["x", "y", "x", "z", "z", "x", "x", "y"],
            "timestamp": [
                datetime(2024, 5, day, hour)
                for day, hour in ((8, 0), (9, 12), (1, 0), (10, 0), (11, 0), (12, 0), (9, 0), (20, 0))
            ],
        }
    )
    interactions, cases = cut_in_time(purchases, CUT)
    # Users and items are numbered as they come: b, a, c, d and x, y, z.
    assert interactions.users.tolist() == [0, 1, 1, 2] and interactions.items.tolist() == [0, 0, 1, 0]
    assert interactions.ages is not None and interactions.ages.tolist() == [2, 9, 0.5, 1]
    assert cases.user_ids == ["b", "a"] and cases.item_count == 3
    assert [cases.history_of(i).tolist() for i in range(2)] == [[0], [0, 1]]
    assert [cases.targets.row(i).tolist() for i in range(2)] == [[0], [2]]
    assert cases.ages is not None and cases.ages.row(1).tolist() == [9, 0.5]


def test_events_of_a_shop_without_a_clock() -> None:
    users, items = np.array([0, 0, 1, 2, 2]), np.array([1, 1, 0, 2, 0])
    is_target = np.array([False, True, True, False, True])
    interactions, cases = split_events(["a", "b", "c"], users, items, 3, is_target)
    assert interactions.items.tolist() == [1, 2] and interactions.ages is None and cases.ages is None
    assert cases.user_ids == ["a", "c"] and cases.targets.values.tolist() == [1, 0]
