"""The versions of one model, with a loader that only reads a file."""

import threading

import grpc
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.load_failures import LoadFailures
from serving.model_server.model_config import ModelConfig
from serving.model_server.version_policy import VersionPolicy
from serving.model_server.version_status import State, Status
from serving.model_server.versions import Versions

AVAILABLE, UNLOADING, END = Status(State.AVAILABLE), Status(State.UNLOADING), Status(State.END)
LATEST, ALL = VersionPolicy(1), VersionPolicy(None)


class Model:
    def __init__(self, text):
        self.text = text
        self.is_closed = False

    def close(self):
        self.is_closed = True


def load(directory):
    text = (directory / "saved_model.pb").read_text()
    if text.startswith("broken"):
        raise ValueError(f"{text}\nin two lines")
    return Model(text)


@pytest.fixture
def make(tmp_path):
    def make_versions(load=load, policy=LATEST, retries=0, **listeners):
        versions = Versions("shop", load, LoadFailures(retries, 0.0), **listeners)
        versions.config = ModelConfig("shop", tmp_path, policy)
        return versions

    return make_versions


@pytest.fixture
def put(tmp_path):
    def put_version(version, text):
        (tmp_path / str(version)).mkdir(exist_ok=True)
        (tmp_path / str(version) / "saved_model.pb").write_text(text)

    return put_version


def answer(versions, version=None):
    with versions.find(version) as served:
        return served.version, served.model.text


def test_the_highest_number_wins_not_the_last_in_the_alphabet(make, put):
    versions = make()
    put(9, "nine")
    put(10, "ten")
    versions.refresh()
    assert answer(versions) == (10, "ten")
    assert versions.statuses == {10: AVAILABLE}


def test_the_old_version_serves_while_the_new_one_loads(make, put):
    seen = []

    def load_and_look(directory):
        seen.append((directory.name, sorted(versions.available)))
        return load(directory)

    versions = make(load_and_look)
    put(1, "one")
    versions.refresh()
    put(2, "two")
    versions.refresh()
    assert seen == [("1", []), ("2", [1])]
    assert answer(versions) == (2, "two")
    assert versions.statuses == {1: UNLOADING, 2: AVAILABLE}
    versions.close_idle()
    assert versions.statuses == {1: END, 2: AVAILABLE}


def test_a_version_is_closed_only_after_its_last_request(make, put):
    idle = threading.Event()
    versions = make(on_idle=idle.set)
    put(1, "one")
    versions.refresh()
    first, second = versions.find(), versions.find()
    put(2, "two")
    versions.refresh()
    for request in (first, second):
        versions.close_idle()
        assert (request.model.is_closed, versions.statuses[1], idle.is_set()) == (False, UNLOADING, False)
        request.release()
    assert idle.is_set()
    versions.close_idle()
    assert (first.model.is_closed, versions.statuses[1]) == (True, END)
    assert not versions.find().model.is_closed


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (VersionPolicy(1), {4}),
        (VersionPolicy(2), {2, 4}),
        (VersionPolicy(9), {1, 2, 4}),
        (ALL, {1, 2, 4}),
        (VersionPolicy(None, frozenset({1, 2, 7})), {1, 2}),
    ],
)
def test_the_policy_chooses_among_those_that_load(make, put, policy, served):
    for version, text in ((1, "one"), (2, "two"), (3, "broken"), (4, "four")):
        put(version, text)
    versions = make(policy=policy)
    versions.refresh()
    assert versions.available == served
    assert answer(versions)[0] == max(served)


def test_another_policy_loads_what_is_missing_and_then_lets_go(make, put, tmp_path):
    put(1, "one")
    put(2, "two")
    versions = make()
    versions.refresh()
    for policy, served in ((ALL, {1, 2}), (VersionPolicy(None, frozenset({1})), {1}), (VersionPolicy(), {2})):
        versions.config = ModelConfig("shop", tmp_path, policy)
        versions.refresh()
        assert versions.available == served
        assert versions.refreshed_with is versions.config


def test_what_is_wanted_and_absent_takes_nothing_out_of_service(make, put, tmp_path):
    put(1, "one")
    versions = make()
    versions.refresh()
    versions.config = ModelConfig("shop", tmp_path, VersionPolicy(None, frozenset({7})))
    versions.refresh()
    assert versions.available == {1}


def test_a_broken_version_is_reported_and_replaces_nothing(make, put, caplog):
    versions = make()
    put(1, "one")
    versions.refresh()
    put(2, "broken")
    versions.refresh()
    assert answer(versions) == (1, "one")
    assert versions.statuses == {1: AVAILABLE, 2: Status(State.END, "broken in two lines")}
    assert "version 2 of shop in " in caplog.text
    assert "cannot be loaded: broken in two lines" in caplog.text


def test_a_broken_version_is_tried_again_only_when_it_changes(make, put):
    tries = []
    versions = make(lambda directory: (tries.append(directory.name), load(directory))[1])
    put(2, "broken")
    versions.refresh()
    versions.refresh()
    assert tries == ["2"]
    put(2, "mended by its owner")
    versions.refresh()
    assert tries == ["2", "2"]
    assert versions.statuses == {2: AVAILABLE}


def test_a_broken_version_is_tried_again_as_often_as_the_flag_says(make, put):
    tries = []
    versions = make(lambda directory: (tries.append(directory.name), load(directory))[1], retries=2)
    put(2, "broken")
    for _ in range(5):
        versions.refresh()
    assert len(tries) == 3


def test_a_version_that_changes_while_it_is_loaded_does_not_serve(make, put, tmp_path):
    loaded = []

    def load_slowly(directory):
        loaded.append(load(directory))
        if len(loaded) == 1:
            (directory / "variables").write_text("the rest of the copy")
        return loaded[-1]

    versions = make(load_slowly)
    put(1, "one")
    versions.refresh()
    assert versions.statuses == {1: Status(State.END, "its files changed while it was loaded")}
    assert loaded[0].is_closed
    versions.refresh()
    assert answer(versions) == (1, "one")


def test_half_a_copy_is_skipped_and_told_once(make, put, tmp_path, caplog):
    (tmp_path / "3" / "variables").mkdir(parents=True)
    put(1, "one")
    versions = make()
    versions.refresh()
    versions.refresh()
    assert versions.statuses == {1: AVAILABLE}
    told = f"{tmp_path / '3'} of shop is skipped: it has no saved_model.pb yet"
    assert [record.message for record in caplog.records].count(told) == 1


def test_the_same_number_in_another_place_is_loaded_anew(make, put, tmp_path):
    put(1, "one")
    versions = make()
    versions.refresh()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "1").mkdir(parents=True)
    (elsewhere / "1" / "saved_model.pb").write_text("another one")
    versions.config = ModelConfig("shop", elsewhere)
    old = versions.find().model
    versions.refresh()
    assert answer(versions) == (1, "another one")
    assert versions.statuses == {1: AVAILABLE}
    assert not old.is_closed


def test_removing_the_highest_version_goes_back_and_removing_all_keeps_serving(make, put, tmp_path):
    put(1, "one")
    put(2, "two")
    versions = make()
    versions.refresh()
    (tmp_path / "2" / "saved_model.pb").unlink()
    versions.refresh()
    assert answer(versions) == (1, "one")
    (tmp_path / "1" / "saved_model.pb").unlink()
    versions.refresh()
    assert answer(versions) == (1, "one")


def test_a_removed_model_answers_no_more_even_if_it_was_being_loaded(make, put):
    def load_and_remove(directory):
        versions.remove()
        return load(directory)

    put(1, "one")
    versions = make(load_and_remove)
    versions.refresh()
    versions.close_idle()
    assert (versions.available, versions.statuses) == (frozenset(), {1: END})
    with pytest.raises(RequestError) as error:
        versions.find()
    assert error.value.code == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("content", "version", "code", "message"),
    [
        ("one", 7, "NOT_FOUND", "Servable not found for request: Specific(shop, 7)"),
        ("broken", None, "NOT_FOUND", "Servable not found for request: Latest(shop)"),
        (
            None,
            None,
            "UNAVAILABLE",
            "Servable not found for request: Latest(shop); none of its versions has been loaded yet",
        ),
    ],
)
def test_what_is_not_in_service_is_not_found(make, put, content, version, code, message):
    versions = make()
    if content:
        put(1, content)
    versions.refresh()
    with pytest.raises(RequestError) as error:
        versions.find(version)
    assert (error.value.code.name, str(error.value)) == (code, message)


def test_every_change_of_the_available_versions_is_told(make, put):
    changes = []
    versions = make(on_change=lambda: changes.append(sorted(versions.available)))
    put(1, "one")
    versions.refresh()
    versions.refresh()
    put(2, "two")
    versions.refresh()
    versions.remove()
    assert changes == [[1], [1, 2], [2], []]
