"""Taobao UserBehavior: a log without a header."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx_pipeline.datasets.dataset import load_dataset

Save = Callable[[str, str | bytes], Path]

ROWS = (
    "1,2268318,2520377,pv,1511544070\n"
    "1,2333346,2520771,fav,1511561733\n"
    "1,2268318,2520377,buy,1511572885\n"
    "2,2333346,2520771,cart,1512316799\n"
    "2,2333346,2520771,pv,1512316801\n"
    "2,2268318,2520377,pv,-2134949234\n"
    "2,2268318,2520377,pv,99999999999999\n"
)


def test_log(save: Save, data_dir: Path, run_dir: Path, ingested: Callable[..., Any]) -> None:
    save("UserBehavior.csv", ROWS)
    config = load_dataset("taobao", data_dir, run_dir)
    config.data.max_bad_share = 1.0
    result = ingested(config)
    assert result.events("user_id", "item_id", "event_type", "timestamp") == [
        ("1", "2268318", "pv", 1511544070),
        ("1", "2333346", "fav", 1511561733),
        ("1", "2268318", "buy", 1511572885),
        ("2", "2268318", "pv", -2134949234),
        ("2", "2333346", "cart", 1512316799),
    ]
    assert result.items("item_id", "title", "category") == [("2268318", "", "2520377"), ("2333346", "", "2520771")]
    # The nine days end at 2017-12-03 24:00 in China.
    assert result.report.events.quarantined == {"time in the future": 1, "unreadable timestamp": 1}
    assert not run_dir.exists()
