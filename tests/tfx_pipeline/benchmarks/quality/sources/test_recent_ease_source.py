import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import small_snapshot
from tfx_pipeline.benchmarks.quality.sources.recent_ease_source import RecentEaseSource
from trainer.item_to_item import most_bought


def reference(items: int) -> dict[str, np.ndarray]:
    """Steck 2019, equation 8, over the items with the most users."""
    snapshot = small_snapshot()
    past, cases = snapshot.past, snapshot.cases
    columns = most_bought(past.sequences.owners_per_item(), items)
    users = np.zeros((past.user_count, past.shop.item_count))
    users[past.users, past.items] = 1
    x = users[:, columns]
    inverse = np.linalg.inv(x.T @ x + 2.0 * np.eye(len(columns)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    recent = np.bincount(past.items, np.exp(-past.ages / 14), minlength=past.shop.item_count)
    found = {}
    for days in (30, 90, 365):
        history = np.zeros((len(cases), past.shop.item_count))
        np.add.at(history, (cases.history.owners, cases.history.values), np.exp(-cases.ages.values / days))
        found[f"ease_{days}d"] = np.zeros_like(history)
        found[f"ease_{days}d"][:, columns] = np.minimum(history, 1)[:, columns] @ weights
    found["ease_recent"] = found["ease_90d"] * (0.3 + np.sqrt(recent / recent.max()))
    return found


@pytest.mark.parametrize("items", [5, 40])
def test_scores_agree_with_numpy(items: int) -> None:
    """Of the 12 users fewer than 40 items are solved for, but more than 5."""
    snapshot = small_snapshot()
    actual = RecentEaseSource(items=items, regularisation=2.0).fit(snapshot.past, 1).scores(snapshot.cases)
    expected = reference(items)
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(actual[name], values, atol=1e-5, err_msg=name)


def test_the_items_with_the_most_users_take_part() -> None:
    past = small_snapshot().past
    users = np.array([len(set(past.users[past.items == item])) for item in range(past.shop.item_count)])
    chosen = most_bought(past.sequences.owners_per_item(), 5)
    assert (np.diff(chosen) > 0).all()
    assert users[chosen].min() >= np.delete(users, chosen).max()
    assert (users[most_bought(past.sequences.owners_per_item(), 40)] > 0).all()
