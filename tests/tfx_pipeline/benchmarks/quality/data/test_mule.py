"""Reading carts and purchases, and the simple models of them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.benchmarks.quality.data.behaviour_ranker import behaviour_rankers
from tfx_pipeline.benchmarks.quality.data.mule import MULE_JDATA, snapshot_of
from tfx_pipeline.sources.errors import DataError

ROWS = [
    (7, 10, "purchase", "train"),
    (5, 10, "cart", "train"),
    (5, 20, "purchase", "train"),
    (5, 30, "cart", "train"),
    (5, 40, "purchase", "valid"),
    (7, 20, "purchase", "valid"),
    (7, 30, "purchase", "valid"),
    (9, 20, "cart", "train"),
    (9, 30, "purchase", "train"),
]
EVENTS = pa.table(dict(zip(("user_id", "item_id", "event_type", "split"), zip(*ROWS, strict=True), strict=True)))


def test_snapshot() -> None:
    moment = snapshot_of(EVENTS)
    assert moment.past.shop.event_types == ("cart", "purchase")
    rows = zip(moment.past.users, moment.past.items, moment.past.behaviours, strict=True)
    assert sorted(rows) == [(0, 0, 0), (0, 1, 1), (0, 2, 0), (1, 0, 1), (2, 1, 0), (2, 2, 1)]
    assert moment.cases.user_ids == ["0", "1"]
    assert [list(moment.cases.history_of(case)) for case in range(2)] == [[1], [0]]
    assert [list(moment.cases.targets.row(case)) for case in range(2)] == [[3], [1, 2]]


def test_the_cart_comes_first_and_what_was_bought_is_left_out() -> None:
    moment = snapshot_of(EVENTS)
    rankers = behaviour_rankers(moment.past, ["cart"])
    held = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [0, 1, 1, 0]], np.float64)
    lengths = np.sqrt(np.maximum(held.sum(axis=0), 1))
    cosines = held.T @ held / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0)
    near = (held @ cosines)[:2]
    with_cart, without = rankers.values()
    scores = without.score(moment.cases)
    np.testing.assert_allclose(scores[near > 0], near[near > 0], atol=2e-4)
    np.testing.assert_array_equal(without(moment.cases, 4, True).items[1, 2:], [3, -1])
    assert list(with_cart(moment.cases, 3, True).items[0]) == [2, 0, 3]
    assert (with_cart.score(moment.cases)[0, [0, 2]] > near.max()).all()


def test_load(tmp_path: Path) -> None:
    (tmp_path / "mule_jdata").mkdir()
    pq.write_table(EVENTS, tmp_path / "mule_jdata" / "events.parquet")
    data = MULE_JDATA.load(tmp_path)
    assert not data.learning and len(data.test.cases) == 2
    assert list(data.baselines) == ["own cart first, then cosine on all behaviours", "cosine on all behaviours"]
    with pytest.raises(DataError, match="events.parquet: no such file"):
        MULE_JDATA.load(tmp_path / "elsewhere")
