import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import ITEMS, purchases_of, small_snapshot
from tfx_pipeline.benchmarks.quality.sources.item_rhythm import item_rhythm
from tfx_pipeline.benchmarks.quality.sources.own_rhythm_features import OwnRhythmFeatures
from tfx_pipeline.evaluation.ragged import Ragged

SNAPSHOT = small_snapshot()


def reference(case: int, item: int) -> dict[str, float]:
    ages = purchases_of(SNAPSHOT, case, item).astype(float)
    typical = item_rhythm(SNAPSHOT.past).intervals[item]
    baskets = np.unique(SNAPSHOT.cases.ages.row(case))
    if not len(ages):
        return {"own_last": np.log(401), "own_basket_ago": np.log(401)}
    last, first, count = ages.min(), ages.max(), len(ages)
    ago = np.searchsorted(baskets, ages)
    interval = (first - last + 2 * typical) / (count + 1)
    plain = (first - last) / max(count - 1, 1)
    windows = {min(age // 28, 12) for age in ages}
    return {
        "own": 1,
        "own_count": np.log(count),
        "own_share": count / len(baskets),
        "own_basket_ago": np.log1p(ago.min()),
        **{f"own_{days}d": np.log1p(np.exp(-ages / days).sum()) for days in (7, 30, 60, 120, 365)},
        **{f"own_baskets_{decay}": np.log1p((decay**ago).sum()) for decay in (0.7, 0.9, 0.97)},
        **{f"own_in_{last}": (ago < last).sum() / min(last, len(baskets)) for last in (3, 10, 30)},
        "own_last": np.log1p(last),
        "own_first": np.log1p(first),
        "own_interval": np.log(interval),
        "own_due": np.log((last + 1) / (interval + 1)),
        "own_due_plain": np.log((last + 1) / (plain + 1)) if count > 1 else 0,
        "own_due_item": np.log((last + 1) / (typical + 1)),
        "own_rate": np.log(count / (first + 14)),
        "own_windows": len(windows) / np.ceil(baskets.max() / 28),
        **{f"own_window_{window + 1}": float(window in windows) for window in range(3)},
    }


def test_features_agree_with_numpy() -> None:
    cases = SNAPSHOT.cases
    candidates = Ragged.from_lists([list(range(ITEMS))] * len(cases))
    actual = OwnRhythmFeatures().fit(SNAPSHOT.past, 1).columns(cases, candidates)
    for place in range(len(candidates.values)):
        expected = reference(*divmod(place, ITEMS))
        found = {name: values[place] for name, values in actual.items()}
        assert found == pytest.approx({name: expected.get(name, 0) for name in found}, abs=1e-5)
        assert not expected.keys() - found.keys()
    assert all(values.dtype == np.float32 for values in actual.values())


def test_rhythm_of_items_leans_towards_the_shop() -> None:
    gaps, users, repeated = [], 0, 0
    per_item: dict[int, tuple[list[float], int, int]] = {}
    for item in range(ITEMS):
        own = [purchases_of(SNAPSHOT, case, item) for case in range(len(SNAPSHOT.cases))]
        between = [gap for ages in own for gap in np.diff(ages)]
        bought, again = sum(len(ages) > 0 for ages in own), sum(len(ages) > 1 for ages in own)
        per_item[item] = (between, bought, again)
        gaps, users, repeated = gaps + between, users + bought, repeated + again
    rhythm = item_rhythm(SNAPSHOT.past)
    for item, (between, bought, again) in per_item.items():
        assert rhythm.intervals[item] == pytest.approx((sum(between) + 5 * np.mean(gaps)) / (len(between) + 5))
        assert rhythm.repeat_shares[item] == pytest.approx((again + 10 * repeated / users) / (bought + 10))
