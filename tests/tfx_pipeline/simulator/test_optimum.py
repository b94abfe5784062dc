from itertools import permutations

import numpy as np
import pytest

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.optimum import best_slates, regret, slate_value
from tfx_pipeline.simulator.requests import GeneratedRequests


def test_no_slate_of_the_candidates_is_better(truth: HiddenTruth) -> None:
    requests = GeneratedRequests.draw(truth, 20, 5)
    best = slate_value(truth, requests, best_slates(truth, requests, 3))
    slates = np.array([requests.candidates[:, list(order)] for order in permutations(range(5), 3)])
    values = np.array([slate_value(truth, requests, slate) for slate in slates])
    assert values.max(axis=0) == pytest.approx(best, rel=1e-12)


def test_regret_is_what_is_missed(truth: HiddenTruth) -> None:
    requests = GeneratedRequests.draw(truth, 30, 5)
    assert regret(truth, requests, best_slates(truth, requests, 5)) == pytest.approx(np.zeros(30))
    utility = truth.utility(requests.users[:, None], requests.candidates, requests.days[:, None])
    assert regret(truth, requests, requests.candidates[:, :1]) == pytest.approx(utility.max(axis=1) - utility[:, 0])


def test_a_worse_order_costs(truth: HiddenTruth) -> None:
    requests = GeneratedRequests.draw(truth, 10, 5)
    assert (regret(truth, requests, best_slates(truth, requests, 5)[:, ::-1]) > 0.01).all()


def test_empty_slots_cost_what_they_could_earn(truth: HiddenTruth) -> None:
    requests = GeneratedRequests.draw(truth, 10, 5)
    empty = np.full((10, 2), -1)
    assert regret(truth, requests, empty) == pytest.approx(
        slate_value(truth, requests, best_slates(truth, requests, 2))
    )


def test_a_slate_for_each_request_is_needed(truth: HiddenTruth) -> None:
    requests = GeneratedRequests.draw(truth, 4, 5)
    with pytest.raises(ValueError, match=r"^slates: expected shape \[4, any\], got \[3, 5\]$"):
        regret(truth, requests, requests.candidates[:3])
