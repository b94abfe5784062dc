"""The choice of the version in service, with a loader that only reads a file."""

import grpc
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.versions import State, Status, Versions


def load(directory):
    text = (directory / "saved_model.pb").read_text()
    if text.startswith("broken"):
        raise ValueError(f"{text}\nin two lines")
    return text


@pytest.fixture
def versions(tmp_path):
    return Versions("shoprank", tmp_path, load)


@pytest.fixture
def put(tmp_path):
    def put_version(version, text):
        (tmp_path / str(version)).mkdir(exist_ok=True)
        (tmp_path / str(version) / "saved_model.pb").write_text(text)

    return put_version


def test_the_highest_number_wins_not_the_last_in_the_alphabet(versions, put):
    put(9, "nine")
    put(10, "ten")
    assert versions.refresh()
    assert versions.find("shoprank") == (10, "ten")
    assert not versions.refresh()
    assert versions.statuses("shoprank") == {10: Status(State.AVAILABLE)}


def test_the_old_version_serves_while_the_new_one_loads(tmp_path, put):
    seen = []

    def load_and_look(directory):
        seen.append(versions._in_service)
        return load(directory)

    versions = Versions("shoprank", tmp_path, load_and_look)
    put(1, "one")
    versions.refresh()
    put(2, "two")
    versions.refresh()
    assert seen == [None, (1, "one")]
    assert versions.find("shoprank") == (2, "two")
    assert versions.statuses("shoprank") == {1: Status(State.END), 2: Status(State.AVAILABLE)}


def test_a_broken_version_is_reported_and_replaces_nothing(versions, put):
    put(1, "one")
    versions.refresh()
    put(2, "broken")
    assert not versions.refresh()
    assert versions.find("shoprank") == (1, "one")
    assert versions.statuses("shoprank", 2) == {2: Status(State.END, "broken in two lines")}


def test_a_broken_version_is_tried_again_only_when_it_changes(tmp_path, put):
    tries = []
    versions = Versions("shoprank", tmp_path, lambda directory: (tries.append(directory.name), load(directory)))
    put(2, "broken")
    versions.refresh()
    versions.refresh()
    assert tries == ["2"]
    put(2, "mended by its owner")
    assert versions.refresh()
    assert tries == ["2", "2"]
    assert versions.statuses("shoprank")[2] == Status(State.AVAILABLE)


def test_below_a_broken_version_the_next_one_serves(versions, put):
    put(1, "one")
    put(2, "broken")
    assert versions.refresh()
    assert versions.find("shoprank") == (1, "one")


def test_removing_the_highest_version_goes_back_and_removing_all_keeps_serving(versions, put, tmp_path):
    put(1, "one")
    put(2, "two")
    versions.refresh()
    (tmp_path / "2" / "saved_model.pb").unlink()
    assert versions.refresh()
    assert versions.find("shoprank") == (1, "one")
    (tmp_path / "1" / "saved_model.pb").unlink()
    assert not versions.refresh()
    assert versions.find("shoprank") == (1, "one")


@pytest.mark.parametrize(
    ("name", "version", "code", "message"),
    [
        ("other", None, grpc.StatusCode.NOT_FOUND, "no model 'other' here; the model is 'shoprank'"),
        ("shoprank", 7, grpc.StatusCode.NOT_FOUND, "model shoprank has no version 7 in service; version 1 is"),
    ],
)
def test_what_is_not_in_service_is_not_found(versions, put, name, version, code, message):
    put(1, "one")
    versions.refresh()
    with pytest.raises(RequestError) as error:
        versions.find(name, version)
    assert (error.value.code, str(error.value)) == (code, message)


def test_nothing_loaded_yet_is_unavailable(versions, tmp_path):
    versions.refresh()
    with pytest.raises(RequestError) as error:
        versions.find("shoprank")
    assert error.value.code == grpc.StatusCode.UNAVAILABLE
    assert str(error.value) == f"model shoprank has no version loaded yet from {tmp_path}"
    with pytest.raises(RequestError, match="model shoprank has no versions in"):
        versions.statuses("shoprank")
