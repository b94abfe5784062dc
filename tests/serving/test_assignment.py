"""The split of users: stable, fair, monotone in the share; and the check of the ratio against SciPy."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.assignment import Assignment, sample_ratio

TEXTS = st.text(max_size=20)
NAMES = st.text(st.characters(exclude_characters="\0"), max_size=10)
SHARES = st.floats(0, 1)
# `docs/clients.md` has the same three, so that another language can check itself.
POSITIONS = {"4711": 0.7916466282583008, "Zoë": 0.8389083772403466, "": 0.010418897796460769}


@settings(deadline=None)
@given(TEXTS, NAMES, NAMES)
def test_a_position_is_in_the_unit_interval_and_stays(user: str, experiment: str, salt: str) -> None:
    position = Assignment(0.5, experiment, salt).position(user)
    assert 0 <= position < 1
    assert position == Assignment(0.1, experiment, salt).position(user)


@settings(deadline=None)
@given(TEXTS, NAMES, SHARES, SHARES)
def test_a_larger_share_never_moves_a_canary_user_back(user: str, salt: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    if Assignment(smaller, salt=salt).arm(user) == "canary":
        assert Assignment(larger, salt=salt).arm(user) == "canary"


@settings(deadline=None)
@given(TEXTS)
def test_the_ends(user: str) -> None:
    assert Assignment(0).arm(user) == "stable"
    assert Assignment(1).arm(user) == "canary"


@settings(derandomize=True, max_examples=20, deadline=None)
@given(st.sampled_from([0.01, 0.1, 0.5, 0.9]), NAMES)
def test_the_arm_has_its_share_of_the_users(share: float, salt: str) -> None:
    assignment = Assignment(share, salt=salt)
    canary = sum(assignment.arm(str(user)) == "canary" for user in range(4000))
    assert sample_ratio(4000 - canary, canary, share).p_value > 1e-6


def test_another_salt_or_experiment_splits_anew() -> None:
    def arms(assignment: Assignment) -> list[bool]:
        return [assignment.arm(str(user)) == "canary" for user in range(4000)]

    first = arms(Assignment(0.5))
    for other in (arms(Assignment(0.5, salt="8")), arms(Assignment(0.5, "layout"))):
        agreeing = sum(one == two for one, two in zip(first, other, strict=True))
        assert sample_ratio(4000 - agreeing, agreeing, 0.5).p_value > 1e-6


@pytest.mark.parametrize(("user", "position"), POSITIONS.items())
def test_positions_are_those_of_the_formula(user: str, position: float) -> None:
    assert Assignment(0.5, "canary", "8").position(user) == position


def test_another_process_agrees() -> None:
    program = "from serving.assignment import Assignment; print(repr(Assignment(1, salt='8').position('4711')))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(run.stdout) == POSITIONS["4711"]


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.001, 0.999))
def test_the_p_value_is_that_of_the_chi_square_test(stable: int, canary: int, share: float) -> None:
    from scipy.special import chdtrc

    ratio = sample_ratio(stable, canary, share)
    users = stable + canary
    assert ratio.expected_canary == pytest.approx(share * users)
    if users == 0:
        assert ratio.p_value == 1
    else:
        pairs = ((stable, (1 - share) * users), (canary, share * users))
        chi_square = sum((seen - expected) ** 2 / expected for seen, expected in pairs)
        assert ratio.p_value == pytest.approx(chdtrc(1, chi_square), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Assignment(1.5), "share: must be from 0 to 1, is 1.5"),
        (lambda: Assignment(float("nan")), "share: must be from 0 to 1, is nan"),
        (
            lambda: Assignment(0.5, "a\0b"),
            "experiment: 'a\\x00b' has a zero byte, which separates the parts of what is hashed",
        ),
        (lambda: sample_ratio(-1, 1, 0.5), "users: counts must not be negative, are -1 and 1"),
        (lambda: sample_ratio(1, 1, 0), "share: must be above 0 and below 1, is 0"),
    ],
)
def test_wrong_arguments(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
