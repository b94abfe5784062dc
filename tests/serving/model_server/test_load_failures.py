"""When a version that failed is tried again."""

from pathlib import Path

import pytest

from serving.model_server.load_failures import LoadFailures

DIRECTORY = Path("model/1")
FILES, OTHER_FILES = frozenset({("saved_model.pb", 1, 1)}), frozenset({("saved_model.pb", 2, 2)})


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_there_are_so_many_retries_and_a_pause_before_each(clock):
    failures = LoadFailures(2, 60.0, clock)
    tries = 0
    for _ in range(1000):
        if failures.may_try(DIRECTORY, FILES):
            tries += 1
            failures.note(DIRECTORY, FILES)
        clock.now += 1.0
    assert tries == 3


@pytest.mark.parametrize(("pause", "after", "may"), [(60.0, 59.0, False), (60.0, 60.0, True), (-1.0, 0.0, True)])
def test_the_pause_is_waited_for(clock, pause, after, may):
    failures = LoadFailures(1, pause, clock)
    failures.note(DIRECTORY, FILES)
    clock.now += after
    assert failures.may_try(DIRECTORY, FILES) is may


def test_changed_files_are_tried_at_once_and_count_anew(clock):
    failures = LoadFailures(0, 60.0, clock)
    failures.note(DIRECTORY, FILES)
    assert not failures.may_try(DIRECTORY, FILES)
    assert failures.may_try(DIRECTORY, OTHER_FILES)
    assert failures.may_try(Path("model/2"), FILES)
    failures.forget(DIRECTORY)
    assert failures.may_try(DIRECTORY, FILES)
