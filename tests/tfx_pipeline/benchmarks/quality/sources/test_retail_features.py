"""Features of items, groups and shoppers against plain counting."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import ITEMS, small_snapshot
from tfx_pipeline.benchmarks.quality.sources.basket_lines import basket_lines, basket_numbers
from tfx_pipeline.benchmarks.quality.sources.group_rhythm_features import GroupRhythmFeatures
from tfx_pipeline.benchmarks.quality.sources.item_life_features import ItemLifeFeatures
from tfx_pipeline.benchmarks.quality.sources.shopper_features import ShopperFeatures
from tfx_pipeline.evaluation.ragged import Ragged

SNAPSHOT = small_snapshot()
PAST, CASES = SNAPSHOT.past, SNAPSHOT.cases
ALL_ITEMS = Ragged.from_lists([list(range(ITEMS))] * len(CASES))


def users_between(item: int, newest: float, oldest: float) -> int:
    within = (PAST.items == item) & (PAST.ages > newest) & (PAST.ages <= oldest)
    return len(set(PAST.users[within]))


@pytest.mark.parametrize("item", [0, 7, 29])
def test_life_of_an_item(item: int) -> None:
    columns = ItemLifeFeatures().fit(PAST, 1).columns(CASES, ALL_ITEMS)
    found = {name: values[item] for name, values in columns.items()}
    recent = [np.exp(-PAST.ages[PAST.items == each] / 14).sum() for each in range(ITEMS)]
    ages = PAST.ages[PAST.items == item]
    firsts = [PAST.ages[(PAST.items == item) & (PAST.users == user)].max(initial=-1) for user in range(12)]
    u7, u14, u28, u56, u90 = (users_between(item, -1, days) for days in (7, 14, 28, 56, 90))
    expected = {
        "item_7d": np.log1p(u7),
        "item_28d": np.log1p(u28),
        "item_90d": np.log1p(u90),
        "item_users": np.log1p(users_between(item, -1, 999)),
        "item_recent": np.log(recent[item] / max(recent) + 1e-4),
        "item_latest": np.log1p(np.exp(-ages / 5).sum()),
        "item_trend_7_28": np.log((u7 + 0.5) / (u28 / 4 + 0.5)),
        "item_trend_14_56": np.log((u14 + 1) / (u56 / 4 + 1)),
        "item_trend_28_90": np.log((u28 + 1) / (u90 * 28 / 90 + 1)),
        "item_trend_14_28": np.log((u14 + 1) / (users_between(item, 14, 28) + 1)),
        "item_newcomers_14": np.log1p(sum(0 <= first <= 14 for first in firsts)),
        "item_newcomers_28": np.log1p(sum(0 <= first <= 28 for first in firsts)),
        "item_first": np.log1p(ages.max()),
        "item_last": np.log1p(ages.min()),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-5)
    assert found.keys() - expected.keys() == {"item_interval", "item_repeats"}


def test_groups_of_a_candidate() -> None:
    columns = GroupRhythmFeatures(("type",)).fit(PAST, 1).columns(CASES, ALL_ITEMS)
    groups = PAST.shop.groups["type"]
    recent = np.bincount(PAST.items, np.exp(-PAST.ages / 14), minlength=ITEMS)
    recent /= recent.max()
    lines = basket_lines(CASES)
    for case, item in ((0, 3), (5, 29), (11, 10)):
        same = (lines.owners == case) & (groups[lines.items] == groups[item])
        ages, bought = lines.ages[same], len(set(lines.items[same]))
        expected = {
            "type_30d": np.log1p(np.exp(-ages / 30).sum()),
            "type_120d": np.log1p(np.exp(-ages / 120).sum()),
            "type_last": np.log1p(ages.min()) if len(ages) else 7,
            "type_items": np.log1p(bought),
            "type_share": np.log((recent[item] + 1e-4) / (recent[groups == groups[item]].sum() + 0.01)),
        }
        found = {name: values[case * ITEMS + item] for name, values in columns.items()}
        assert found == pytest.approx(expected, abs=1e-5)


def test_unknown_group() -> None:
    with pytest.raises(ValueError, match=r"^groups names 'colour', expected some of type$"):
        GroupRhythmFeatures(("colour",)).fit(PAST, 1)


def test_shopper() -> None:
    columns = ShopperFeatures().fit(PAST, 1).columns(CASES, ALL_ITEMS)
    for case in range(len(CASES)):
        items, ages = CASES.history.row(case), CASES.ages.row(case)
        baskets = np.unique(ages)
        lines = sum(len(set(items[ages == age])) for age in baskets)
        distinct = len(set(items))
        expected = {
            "user_baskets": np.log1p(len(baskets)),
            "user_items": np.log1p(distinct),
            "user_lately": np.log1p((baskets <= 28).sum()),
            "user_last": np.log1p(baskets.min()),
            "user_first": np.log1p(baskets.max()),
            "user_basket_size": np.log(lines / len(baskets)),
            "user_repeats": 1 - distinct / lines,
        }
        found = {name: values[case * ITEMS] for name, values in columns.items()}
        assert found == pytest.approx(expected, abs=1e-5)


def test_baskets_are_numbered_by_owner_and_time() -> None:
    owners = np.array([0, 0, 0, 2, 2])
    ages = np.array([5, 5, 1, 1, 0], np.float32)
    assert basket_numbers(owners, ages).tolist() == [0, 0, 1, 2, 3]
    assert basket_numbers(owners[:0], ages[:0]).tolist() == []


def test_no_clock() -> None:
    with pytest.raises(ValueError, match=r"^ages of the cases are None, expected their times$"):
        basket_lines(replace(CASES, ages=None))
    with pytest.raises(ValueError, match=r"^ages of the past are None, expected their times$"):
        ItemLifeFeatures().fit(replace(PAST, ages=None), 1)
