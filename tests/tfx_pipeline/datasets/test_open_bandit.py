"""Open Bandit: two policies, one campaign."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.datasets.dataset import load_dataset

Save = Callable[[str, str | bytes], Path]

HEADER = (
    ",timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,user_feature_3,"
    "user-item_affinity_0,user-item_affinity_1\n"
)
ITEMS = (
    ",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3\n"
    "0,0,-0.677,c82d,088a,8ea6\n1,1,-0.72,7749,088a,8ea6\n"
)


@pytest.fixture
def download(save: Save) -> Save:
    for campaign in ("all", "men"):
        random = "0,2019-11-24 00:03:13.442536+00:00,1,3,0,0.0125,ce,03,7b,9b,0.0,1.0\n"
        random += "1,2019-11-24 00:03:36.705207+00:00,0,1,1,0.0125,ce,03,7b,9b,0.0,0.0\n"
        save(f"random/{campaign}/{campaign}.csv", HEADER + random)
        bts = "0,2019-11-24 00:00:17.004101+00:00,1,2,1,0.087125,81,03,7b,9b,0.0,0.0\n"
        save(f"bts/{campaign}/{campaign}.csv", HEADER + bts)
        for policy in ("random", "bts"):
            save(f"{policy}/{campaign}/item_context.csv", ITEMS)
    return save


def test_clicks_of_both_policies(download: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    result = ingested(load_dataset("open-bandit", data_dir, run_dir))
    assert result.events("user_id", "item_id", "event_type", "timestamp", "position", "propensity") == [
        ("81 03 7b 9b", "1", "click", 1574553617, 2, 0.087125),
        ("ce 03 7b 9b", "0", "click", 1574553816, 1, 0.0125),
    ]
    assert result.items("item_id", "title", "item_feature_0", "item_feature_1") == [
        ("0", "", -0.677, "c82d"),
        ("1", "", -0.72, "7749"),
    ]
    assert result.report.events.ignored == {"event type not in any objective": 1}


def test_the_campaign_of_all_items_comes_first(download: Save, data_dir: Path, run_dir: Path) -> None:
    def files() -> list[str]:
        config = load_dataset("open-bandit", data_dir, run_dir)
        return [str(Path(path).relative_to(data_dir)) for path in config.data.events.paths]

    assert files() == ["bts/all/all.csv", "random/all/all.csv"]
    for policy in ("bts", "random"):
        (data_dir / policy / "all" / "all.csv").unlink()
    assert files() == ["bts/men/men.csv", "random/men/men.csv"]
