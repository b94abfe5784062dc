"""The log and the policy: order of rows, products along a slate, and what is refused."""

import dataclasses

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import EvaluationPolicy, InversePropensity, LoggedSlots, estimate


def test_requests(log: LoggedSlots) -> None:
    assert (log.request_count, log.slate_length) == (3, 3)
    np.testing.assert_array_equal(log.sums(log.rewards), [2.0, 0.5, 2.0])


def test_products_and_shifts_follow_the_slots_of_each_request(log: LoggedSlots) -> None:
    values = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])
    np.testing.assert_array_equal(log.products_up_to(values), [14.0, 3.0, 70.0, 7.0, 33.0, 13.0])
    np.testing.assert_array_equal(log.shifted_down(values, first=1.0), [7.0, 1.0, 2.0, 1.0, 3.0, 1.0])


def test_products_agree_with_a_loop() -> None:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 6, size=50)
    requests, slots = np.repeat(np.arange(50), lengths), np.concatenate([np.arange(length) for length in lengths])
    order = random.permutation(len(slots))
    requests, slots = requests[order], slots[order]
    values = random.uniform(0, 2, len(slots))
    log = LoggedSlots(np.zeros(len(slots)), np.ones(len(slots)), slots, requests)
    expected = [
        np.prod(values[(requests == request) & (slots <= slot)]) for request, slot in zip(requests, slots, strict=True)
    ]
    np.testing.assert_allclose(log.products_up_to(values), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"propensities": np.array([0.5, 0.0])}, "propensities of row 1 is 0.0, expected above 0, at most 1"),
        ({"propensities": np.array([-0.5, 1.0])}, "propensities of row 0 is -0.5, expected above 0, at most 1"),
        ({"propensities": np.array([0.5, np.nan])}, "propensities of row 1 is nan, expected above 0, at most 1"),
        ({"propensities": np.array([0.5, 1.5])}, "propensities of row 1 is 1.5, expected above 0, at most 1"),
        ({"propensities": np.array([0.5])}, "propensities has shape [1], expected [2]"),
        ({"rewards": np.array([0.0, np.inf])}, "rewards of row 1 is inf, expected a finite number"),
        ({"rewards": np.array([])}, "the log has no rows"),
        ({"slots": np.array([0, -1])}, "slots of row 1 is -1, expected at least 0"),
        ({"slots": np.array([0, 0])}, "row 1 is slot 0 of request 4 a second time"),
    ],
)
def test_refused_log(change: dict[str, np.ndarray], message: str) -> None:
    good = LoggedSlots(np.array([0.0, 1.0]), np.array([0.5, 1.0]), np.array([0, 1]), np.array([4, 4]))
    with pytest.raises(ValueError) as error:
        dataclasses.replace(good, **change)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([np.array([0.5, 1.5])], "evaluation propensities of row 1 is 1.5, expected from 0 to 1"),
        ([np.array([-0.1, 0.5])], "evaluation propensities of row 0 is -0.1, expected from 0 to 1"),
        ([np.zeros(2), np.zeros(2)], "estimated_rewards and expected_rewards come together or not at all"),
        ([np.zeros(2), np.zeros(3), np.zeros(2)], "estimated_rewards has shape [3], expected [2]"),
        (
            [np.zeros(2), np.zeros(2), np.array([0, np.nan])],
            "expected_rewards of row 1 is nan, expected a finite number",
        ),
    ],
)
def test_refused_policy(arguments: list[np.ndarray], message: str) -> None:
    with pytest.raises(ValueError) as error:
        EvaluationPolicy(*arguments)
    assert str(error.value) == message


def test_policy_that_was_asked_about_other_rows_is_refused(log: LoggedSlots) -> None:
    with pytest.raises(ValueError, match=r"^evaluation propensities has shape \[2\], expected \[6\]$"):
        estimate(InversePropensity(), log, EvaluationPolicy(np.zeros(2)))
