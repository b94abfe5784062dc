"""A small log of two slates and a single slot, with everything worked out by hand in the tests."""

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import EvaluationPolicy, LoggedSlots


@pytest.fixture
def log() -> LoggedSlots:
    """Requests 7 (slots 0, 1), 3 (slots 0, 1, 2) and 5 (slot 0), mixed up."""
    return LoggedSlots(
        rewards=np.array([0.0, 1.0, 2.0, 0.0, 1.0, 0.5]),
        propensities=np.array([0.5, 0.25, 0.5, 0.2, 1.0, 0.4]),
        slots=np.array([1, 0, 2, 0, 1, 0]),
        requests=np.array([3, 7, 3, 3, 7, 5]),
    )


@pytest.fixture
def evaluation() -> EvaluationPolicy:
    """Weights 0.5, 2, 1, 4, 0.5, 0."""
    return EvaluationPolicy(
        propensities=np.array([0.25, 0.5, 0.5, 0.8, 0.5, 0.0]),
        estimated_rewards=np.array([0.1, 0.6, 1.5, 0.2, 0.4, 0.5]),
        expected_rewards=np.array([0.2, 0.5, 1.0, 0.3, 0.6, 0.7]),
    )
