"""The generated shop with programs among its users."""

import os

import pandas as pd
import pytest

from tfx_pipeline.benchmarks.automation.planted_bots import plant_bots
from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.requests import GeneratedRequests
from tfx_pipeline.simulator.settings import SimulatorSettings
from tfx_pipeline.simulator.shop_tables import SLOTS, events_table

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


@pytest.fixture(scope="session")
def visited() -> pd.DataFrame:
    """Events of 500 generated users and of four programs of each kind."""
    truth = HiddenTruth.draw(SimulatorSettings())
    people = events_table(truth, GeneratedRequests.draw(truth, 20_000, SLOTS))
    return pd.concat([people, plant_bots(truth, 4)])[["user_id", "item_id", "event_type", "timestamp"]]
