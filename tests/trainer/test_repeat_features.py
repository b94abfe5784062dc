"""The features of repeats against plain Python."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import tensorflow as tf

from trainer.query_side import QuerySide
from trainer.repeat_features import RepeatFeatures

ITEMS = 6
OBJECTIVES = ("purchase", "click")
TYPES = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
"""Type 0 is a purchase, types 1 and 2 are clicks, type 3 is nothing that the shop wants."""
INTERVALS = [7.0, 30.0, 0.0, 14.0, 2.5, 20.0, 9.0]

Past = Sequence[tuple[int, int, float]]
PASTS: list[Past] = [
    [(1, 0, 95.0), (2, 1, 60.5), (1, 2, 40.0), (3, 3, 40.0), (1, 0, 12.25), (6, 0, 3.0), (2, 3, 0.0)],
    [],
    [(4, 0, 400.0)],
    [(0, 1, 5.0), (0, 1, 5.0), (0, 0, 5.0)],
]
"""(item, event type, days ago), oldest first: at one time, just now, long ago, and the unknown item 6."""
ROWS = np.array([[1, 2, 3, 0, 6], [1, 2, 3, 4, 5], [4, 3, 2, 1, 0], [0, 1, 2, 3, 6]], np.int32)


@pytest.fixture(scope="module")
def features() -> RepeatFeatures:
    return RepeatFeatures(TYPES, OBJECTIVES)


@pytest.fixture(scope="module")
def ask(make_query: Callable[..., QuerySide]) -> Callable[[Sequence[Past]], QuerySide]:
    """A function from pasts to the query side; the ages of padding are nonsense."""

    def ask(pasts: Sequence[Past]) -> QuerySide:
        query = make_query(
            [[event[0] for event in past] for past in pasts], [[event[1] for event in past] for past in pasts]
        )
        ages = np.full(query.history.shape, -1e4, np.float32)
        for row, past in enumerate(pasts):
            ages[row, : len(past)] = [event[2] for event in past]
        return query._replace(ages=tf.constant(ages))

    return ask


def compute(features: RepeatFeatures, query: QuerySide, rows: np.ndarray) -> np.ndarray:
    return features(query, tf.constant(rows), tf.gather(INTERVALS, rows)).numpy()


def expected_features(past: Past, row: int) -> dict[str, float]:
    own = [(ago, kind, days) for ago, (item, kind, days) in enumerate(reversed(past)) if item == row]
    values: dict[str, float] = {}
    for name, tau in (("8", 8), ("32", 32), ("128", 128), ("1e+09", 1e9)):
        values[f"count_tau_{name}"] = math.log1p(sum(math.exp(-ago / tau) for ago, _, _ in own))
    for tau in (7, 30, 120, 365):
        values[f"count_days_{tau}"] = math.log1p(sum(math.exp(-days / tau) for _, _, days in own))
    values["count_purchase"] = math.log1p(sum(kind == 0 for _, kind, _ in own))
    values["count_click"] = math.log1p(sum(kind in (1, 2) for _, kind, _ in own))
    values |= {"is_repeat": float(bool(own)), "days_since": 0.0, "interval": 0.0, "due": 0.0}
    if own:
        latest, first = min(days for _, _, days in own), max(days for _, _, days in own)
        interval = (first - latest + 2 * INTERVALS[row]) / (len(own) - 1 + 2)
        values["days_since"], values["interval"] = math.log1p(latest), math.log1p(interval)
        values["due"] = math.log((latest + 1) / (interval + 1))
    return values


def test_every_feature_agrees_with_python(features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]) -> None:
    computed = compute(features, ask(PASTS), ROWS)
    assert computed.shape == (*ROWS.shape, len(features.names))
    for request, past in enumerate(PASTS):
        for slot, row in enumerate(ROWS[request]):
            expected = expected_features(past, row)
            assert tuple(expected) == features.names
            actual = dict(zip(features.names, computed[request, slot].tolist(), strict=True))
            assert actual == pytest.approx(expected, abs=2e-6), (past, row)


def test_every_feature_differs(features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]) -> None:
    computed = compute(features, ask(PASTS), ROWS).reshape(-1, len(features.names))
    spread = np.ptp(computed, axis=0)
    assert dict(zip(features.names, spread > 0, strict=True)) == dict.fromkeys(features.names, True)
    # Nor is one of them another by a second name.
    assert len(np.unique(computed, axis=1).T) == len(features.names)


def test_an_item_that_is_late_is_due(features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]) -> None:
    """Item 0 is bought every ten days; then the same past is asked about later and later."""
    pasts = [[(0, 0, late + 20.0), (0, 0, late + 10.0), (0, 0, late)] for late in (1.0, 7.0, 30.0)]
    due = compute(features, ask(pasts), np.zeros((3, 1), np.int32))[:, 0, features.names.index("due")]
    interval = (20 + 2 * INTERVALS[0]) / 4
    np.testing.assert_allclose(due, np.log((np.array([1.0, 7.0, 30.0]) + 1) / (interval + 1)), atol=1e-6)
    assert due[0] < due[1] < 0 < due[2]


def test_one_purchase_waits_as_long_as_other_buyers_do(
    features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]
) -> None:
    rows = np.arange(ITEMS, dtype=np.int32)[:, np.newaxis]
    intervals = compute(features, ask([[(row, 0, 3.0)] for row in range(ITEMS)]), rows)
    found = np.expm1(intervals[:, 0, features.names.index("interval")])
    np.testing.assert_allclose(found, INTERVALS[:ITEMS], rtol=1e-5, atol=1e-6)


def test_the_width_of_the_padding_changes_nothing(
    features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]
) -> None:
    wide = ask([*PASTS, [(1, 0, 1.0)] * 12])
    rows = np.concatenate([ROWS, ROWS[:1]])
    np.testing.assert_allclose(compute(features, wide, rows)[:4], compute(features, ask(PASTS), ROWS), atol=1e-6)


def test_a_long_history_still_counts_whole_events(
    features: RepeatFeatures, ask: Callable[[Sequence[Past]], QuerySide]
) -> None:
    """The slowest decay stands for none: 512 events of one item count as 512."""
    past = [(1, 0, float(days)) for days in range(512, 0, -1)]
    values = dict(zip(features.names, compute(features, ask([past]), np.array([[1]], np.int32))[0, 0], strict=True))
    assert np.expm1(values["count_tau_1e+09"]) == pytest.approx(512, rel=1e-5)
    assert np.expm1(values["interval"]) == pytest.approx((511 + 60) / 513, rel=1e-4)
