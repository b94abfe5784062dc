"""The best slate of the generated shop, and what another one falls short of it: regret without an estimate."""

import numpy as np

from tfx_pipeline.simulator.hidden_truth import Array, HiddenTruth, Rows
from tfx_pipeline.simulator.requests import GeneratedRequests


def slate_value(truth: HiddenTruth, requests: GeneratedRequests, slates: Rows) -> Array:
    """Expected utility of a slate: the sum over slots of examination probability times the item's utility.

    Args:
        truth: The shop.
        requests: R of them.
        slates: Item rows, [R, K] int64; -1 for an empty slot.

    Returns:
        [R] float64.

    Raises:
        ValueError: `slates` has not one row a request.
    """
    if slates.ndim != 2 or len(slates) != len(requests):
        raise ValueError(f"slates: expected shape [{len(requests)}, any], got {list(slates.shape)}")
    utility = truth.utility(requests.users[:, None], slates, requests.days[:, None])
    return utility @ truth.examination(slates.shape[1])


def best_slates(truth: HiddenTruth, requests: GeneratedRequests, k: int) -> Rows:
    """The slates of highest expected utility among the candidates, [R, min(k, N)] int64.

    Examination depends on the slot alone and falls from slot to slot, so the best order is by utility
    (the rearrangement inequality).
    """
    utility = truth.utility(requests.users[:, None], requests.candidates, requests.days[:, None])
    order = np.argsort(-utility, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(requests.candidates, order, axis=1)


def regret(truth: HiddenTruth, requests: GeneratedRequests, slates: Rows) -> Array:
    """Expected utility of the best slate minus that of the one shown, [R] float64.

    It is not negative for slates of candidates without repeats.

    Raises:
        ValueError: `slates` has not one row a request.
    """
    shown = slate_value(truth, requests, slates)
    return slate_value(truth, requests, best_slates(truth, requests, slates.shape[1])) - shown
