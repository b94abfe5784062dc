"""A version stays loaded until its last request is done."""

from pathlib import Path

import pytest

from serving.model_server.served_model import ServedModel


class Model:
    def close(self):
        pass


@pytest.fixture
def told():
    return []


@pytest.fixture
def served(told):
    return ServedModel("shop", 3, Path("shop/3"), Model(), lambda: told.append("idle"))


def test_it_is_idle_when_every_hold_is_released(served, told):
    first, second = served.hold(), served.hold()
    with first:
        served.retire()
        assert not served.is_idle
    assert not served.is_idle
    assert told == []
    second.release()
    assert served.is_idle
    assert told == ["idle"]


def test_nothing_is_told_while_it_is_in_service(served, told):
    with served.hold():
        pass
    assert (served.is_idle, told) == (True, [])


def test_a_request_that_fails_releases_it_too(served):
    with pytest.raises(KeyError), served.hold():
        raise KeyError("graph")
    assert served.is_idle
