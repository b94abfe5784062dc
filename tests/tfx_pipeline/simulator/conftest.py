"""A small generated shop."""

import pytest

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.settings import SimulatorSettings


@pytest.fixture(scope="session")
def truth() -> HiddenTruth:
    return HiddenTruth.draw(SimulatorSettings(users=40, items=12, new_items=6, days=10, purchase_value=2.0))
