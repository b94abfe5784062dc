"""The two components, and where they stand in the DAG."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tfx.types import standard_artifacts

from tfx_pipeline.automation.listing import EVENTS_FILE, listed_users
from tfx_pipeline.automation.stages import AutomationListing, AutomationScorer
from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.benchmarks.automation.planted_bots import BOT
from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import SplitConfig, parse_config


def test_the_scorer_leaves_its_listing_in_the_run_directory(
    tmp_path: Path, visited: pd.DataFrame, write_ingested: Callable[..., None]
) -> None:
    tables, listing = ShopTables(), AutomationListing()
    tables.uri, listing.uri = str(tmp_path / "tables"), str(tmp_path / "listing")
    visited = visited.assign(user_id=visited["user_id"].str.replace(BOT, "bot-", regex=False))
    write_ingested(tmp_path / "tables", visited, pd.DataFrame({"item_id": visited["item_id"].unique()}))
    AutomationScorer.EXECUTOR_SPEC.executor_class._FUNCTION(
        tables=tables,
        split=SplitConfig(shares=(0.7, 0.9, 0.95)).model_dump_json(),
        settings=AutomationConfig(action="filter").model_dump_json(),
        run_dir=str(tmp_path / "run"),
        version="",
        listing=listing,
    )
    found = listed_users(tmp_path / "listing")
    assert "bot-hammer-0" in found
    assert all(name.startswith("bot-") for name in found)
    assert listed_users(tmp_path / "run" / "automation") == found
    quarantined = pd.read_csv(tmp_path / "run" / "automation" / EVENTS_FILE)
    assert set(quarantined["user_id"]) == set(found)


@pytest.mark.parametrize(
    ("action", "stages"),
    [("off", []), ("report", ["AutomationScorer"]), ("filter", ["AutomationScorer", "AutomationFilter"])],
)
def test_the_stages_are_there_as_far_as_they_are_wanted(tmp_path: Path, action: str, stages: list[str]) -> None:
    from tfx_pipeline.pipeline import create_pipeline

    document: dict[str, Any] = {
        "run_dir": str(tmp_path),
        "data": {"events": {"path": "e.csv"}},
        "objectives": {"purchase": {"event_types": ["purchase"]}},
        "automation": {"action": action},
    }
    components = {each.id: each for each in create_pipeline(parse_config(document), "hash").components}
    assert [name for name in components if name.startswith("Automation")] == stages
    source = components["Transform"].inputs["examples"]
    assert source.type is standard_artifacts.Examples
    assert source.producer_component_id == ("AutomationFilter" if action == "filter" else "ExampleBuilder")
