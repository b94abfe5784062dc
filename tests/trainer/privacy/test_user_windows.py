import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.privacy.forty_users import USERS
from trainer import features
from trainer.privacy.user_windows import UserWindows


@pytest.fixture(scope="module")
def windows(user_files: list[str]) -> UserWindows:
    return UserWindows.read(user_files, USERS)


def owner(record: bytes) -> int:
    return tf.train.Example.FromString(record).features.feature[features.USER_ID].int64_list.value[0]


def test_windows_of_a_user_lie_together_and_strangers_are_left_out(windows: UserWindows) -> None:
    assert len(windows) == USERS
    assert [owner(record) for record in windows.records] == [0, 0, 0, *range(1, USERS)]
    assert windows.offsets.tolist() == [0, *range(3, USERS + 3)]


def test_a_user_takes_part_with_one_window_however_many_there_are(windows: UserWindows) -> None:
    random = np.random.default_rng(1)
    steps = [windows.sample(1.0, random) for _ in range(60)]
    assert {tuple(map(owner, step)) for step in steps} == {tuple(range(USERS))}
    assert {step[0] for step in steps} == set(windows.records[:3])


def test_users_are_sampled_independently(windows: UserWindows) -> None:
    """The number that come is binomial: its mean is q N and its variance q (1 - q) N, with no fixed batch size."""
    random = np.random.default_rng(2)
    counts = [len(windows.sample(0.25, random)) for _ in range(2000)]
    assert np.mean(counts) == pytest.approx(0.25 * USERS, abs=0.3)
    assert np.var(counts) == pytest.approx(0.25 * 0.75 * USERS, rel=0.15)


def test_nobody_may_come(windows: UserWindows) -> None:
    assert windows.sample(0.0, np.random.default_rng(0)).shape == (0,)
