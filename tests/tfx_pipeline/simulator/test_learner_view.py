from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.learner_view import LearnerView

DAY = np.array(0.0)


def test_the_view_is_not_the_truth(truth: HiddenTruth) -> None:
    view = LearnerView.of(truth)
    assert not np.allclose(view.item_features, truth.traits, atol=0.5)
    assert not np.allclose(view.user_features(np.arange(40), DAY), truth.first_tastes, atol=0.5)


def test_without_noise_only_coordinates_differ(truth: HiddenTruth) -> None:
    view = LearnerView.of(HiddenTruth.draw(replace(truth.settings, view_noise=0.0)))
    users = view.user_features(np.arange(40), DAY)
    assert users @ users.T == pytest.approx(truth.first_tastes @ truth.first_tastes.T)
    assert view.item_features @ view.item_features.T == pytest.approx(truth.traits @ truth.traits.T)


def test_qualities_cannot_be_seen(truth: HiddenTruth) -> None:
    other = replace(truth, qualities=truth.qualities + 1.0)
    assert np.array_equal(LearnerView.of(truth).item_features, LearnerView.of(other).item_features)


def test_errors_of_a_user_stay(truth: HiddenTruth) -> None:
    view = LearnerView.of(truth)
    first, last = (view.user_features(np.array([3]), np.array(day)) for day in (0.0, 10.0))
    moved = (truth.last_tastes[3] - truth.first_tastes[3]) @ view.user_rotation
    assert (last - first)[0] == pytest.approx(moved)
