"""Several models: found, changed at run time, labelled, removed; with a loader that only reads a file."""

import threading
import time
from functools import partial

import grpc
import pytest
from tensorflow_serving.apis import model_pb2

from serving.model_server.errors import RequestError
from serving.model_server.models import Models
from serving.model_server.options import ServerOptions
from serving.model_server.version_status import State
from tests.serving.model_server.models_config import models_config

OPTIONS = ServerOptions(max_num_load_retries=0, file_system_poll_wait_seconds=0.01)


class Model:
    def __init__(self, text):
        self.text = text
        self.is_closed = threading.Event()

    def close(self):
        self.is_closed.set()


def load(directory):
    text = (directory / "saved_model.pb").read_text()
    if text.startswith("broken"):
        raise ValueError(text)
    return Model(text)


@pytest.fixture
def put(tmp_path):
    def put_version(model, version, text):
        (tmp_path / model / str(version)).mkdir(parents=True)
        (tmp_path / model / str(version) / "saved_model.pb").write_text(text)

    return put_version


@pytest.fixture
def config(tmp_path):
    return partial(models_config, tmp_path)


@pytest.fixture
def make(config):
    started = []

    def make_models(options=OPTIONS, load=load, **configs):
        models = Models(config(**configs), load, options)
        models.start()
        started.append(models)
        return models

    yield make_models
    for models in started:
        models.stop()


def spec(name, version=None, label=None):
    message = model_pb2.ModelSpec(name=name)
    if version is not None:
        message.version.value = version
    if label is not None:
        message.version_label = label
    return message


def answer(models, *which):
    with models.find(spec(*which)) as served:
        return served.name, served.version, served.model.text


def failure(function, *arguments):
    with pytest.raises(RequestError) as error:
        function(*arguments)
    return error.value.code.name, str(error.value)


def wait_until(is_done):
    deadline = time.monotonic() + 20
    while not is_done():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def wait_available(models, **expected):
    wait_until(lambda: {name: set(versions) for name, versions in models.available.items()} == expected)


def test_each_model_has_its_versions(make, put):
    put("shop", 1, "one")
    put("shop", 2, "two")
    put("search", 5, "five")
    models = make(shop="model_version_policy { all {} }", search="")
    wait_available(models, shop={1, 2}, search={5})
    assert answer(models, "shop") == ("shop", 2, "two")
    assert answer(models, "shop", 1) == ("shop", 1, "one")
    assert answer(models, "search") == ("search", 5, "five")
    assert sorted(model.text for model in models.in_service()) == ["five", "one", "two"]


@pytest.mark.parametrize(
    ("which", "code", "message"),
    [
        (("",), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (("other",), "NOT_FOUND", "Servable not found for request: Latest(other)"),
        (("other", 1), "NOT_FOUND", "Servable not found for request: Specific(other, 1)"),
        (("shop", 7), "NOT_FOUND", "Servable not found for request: Specific(shop, 7)"),
        (("shop", None, "canary"), "INVALID_ARGUMENT", "Unrecognized servable version label: canary"),
    ],
)
def test_what_is_not_here_has_the_words_of_tensorflow_serving(make, put, which, code, message):
    put("shop", 1, "one")
    models = make(shop="")
    wait_available(models, shop={1})
    assert failure(models.find, spec(*which)) == (code, message)


def test_statuses_of_all_versions_and_of_one(make, put):
    put("shop", 1, "one")
    put("shop", 2, "broken")
    models = make(shop="")
    wait_available(models, shop={1})
    states = {version: (status.state, status.error) for version, status in models.statuses(spec("shop")).items()}
    assert states == {1: (State.AVAILABLE, ""), 2: (State.END, "broken")}
    assert list(models.statuses(spec("shop", 2))) == [2]
    assert failure(models.statuses, spec("shop", 3)) == ("NOT_FOUND", "Could not find version 3 of model shop")
    assert failure(models.statuses, spec("x")) == ("NOT_FOUND", "Could not find any versions of model x")


def test_models_are_added_and_removed_at_run_time(make, put, config):
    put("shop", 1, "one")
    put("search", 5, "five")
    models = make(shop="")
    wait_available(models, shop={1})
    models.reload(config(shop="", search=""))
    assert answer(models, "search")[1] == 5
    with models.find(spec("shop")) as in_flight:
        models.reload(config(search=""))
        assert failure(models.find, spec("shop"))[0] == "NOT_FOUND"
        assert models.statuses(spec("shop"))[1].state == State.UNLOADING
        assert not in_flight.model.is_closed.is_set()
    assert in_flight.model.is_closed.wait(20)
    wait_until(lambda: models.statuses(spec("shop"))[1].state == State.END)
    models.reload(config(search="", shop=""))
    assert answer(models, "shop") == ("shop", 1, "one")
    models.reload(config())
    assert models.available == {}


def test_canary_and_rollback_by_label(make, put, config):
    put("shop", 1, "one")
    models = make(shop="model_version_policy { all {} }")
    wait_available(models, shop={1})
    both = "model_version_policy { specific { versions: 1 versions: 2 } }"
    labels = 'version_labels { key: "stable" value: %d } version_labels { key: "canary" value: %d }'
    models.reload(config(shop=both + labels % (1, 1)))
    put("shop", 2, "two")
    wait_available(models, shop={1, 2})
    for stable, canary in ((1, 2), (2, 2), (1, 1)):
        models.reload(config(shop=both + labels % (stable, canary)))
        assert answer(models, "shop", None, "stable")[1] == stable
        assert answer(models, "shop", None, "canary")[1] == canary
        assert list(models.statuses(spec("shop", None, "canary"))) == [canary]
    models.reload(config(shop=both))
    assert failure(models.find, spec("shop", None, "stable"))[0] == "INVALID_ARGUMENT"


UNAVAILABLE = "Request to assign label to version 9 of model shop, which is not currently available for inference"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ('version_labels { key: "canary" value: 9 }', "FAILED_PRECONDITION", UNAVAILABLE),
        ("model_version_policy { specific {} }", "INVALID_ARGUMENT", "model shop: model_version_policy.specific."),
        ('base_path: "relative"', "INVALID_ARGUMENT", "Expected model shop to have an absolute path or URI; got "),
        ('base_path: "/no/such/path"', "INVALID_ARGUMENT", "Could not find base path /no/such/path for servable shop"),
    ],
)
def test_a_config_that_is_refused_changes_nothing(make, put, config, fields, code, message):
    put("shop", 1, "one")
    put("search", 5, "five")
    models = make(shop="")
    wait_available(models, shop={1})
    models.reload(config(shop='version_labels { key: "stable" value: 1 }'))
    refused = failure(models.reload, config(search="", shop=fields))
    assert refused[0] == code
    assert refused[1].startswith(message)
    assert answer(models, "shop", None, "stable") == ("shop", 1, "one")
    assert failure(models.find, spec("search"))[0] == "NOT_FOUND"


def test_a_new_model_that_cannot_be_loaded_is_told_and_the_others_follow(make, put, config, tmp_path):
    put("shop", 1, "one")
    put("search", 5, "broken")
    (tmp_path / "empty").mkdir()
    models = make(shop="")
    wait_available(models, shop={1})
    code, message = failure(models.reload, config(shop="", search="", empty=""))
    assert code == "UNKNOWN"
    assert message.startswith("2 model(s) did not become available: {{{name: ")
    assert "{{name: search version: 5} due to error: broken}, " in message
    none = f"{{name: empty}} has no numbered version directory with a saved_model.pb in {tmp_path / 'empty'}"
    assert none in message
    assert answer(models, "shop")[1] == 1
    put("search", 6, "six")
    wait_available(models, shop={1}, search={6}, empty=set())


def test_a_reload_that_takes_too_long_is_followed_all_the_same(make, put, config):
    may_load = threading.Event()

    def load_slowly(directory):
        assert directory.name == "1" or may_load.wait(20)
        return load(directory)

    put("shop", 1, "one")
    put("search", 5, "five")
    models = make(load=load_slowly, shop="")
    wait_available(models, shop={1})
    late = failure(models.reload, config(shop="", search=""), time.monotonic() + 0.05)
    assert late == ("DEADLINE_EXCEEDED", "Deadline exceeded while new models were loaded")
    assert failure(models.find, spec("search"))[0] == "UNAVAILABLE"
    may_load.set()
    wait_available(models, shop={1}, search={5})


def test_a_label_may_go_ahead_of_its_version_if_a_flag_says_so(make, put, config):
    labelled = 'version_labels { key: "stable" value: 1 }'
    with pytest.raises(RequestError) as error:
        Models(config(shop=labelled), load, OPTIONS)
    assert error.value.code == grpc.StatusCode.FAILED_PRECONDITION
    put("shop", 1, "one")
    models = make(ServerOptions(allow_version_labels_for_unavailable_models=True), shop=labelled)
    wait_available(models, shop={1})
    assert answer(models, "shop", None, "stable") == ("shop", 1, "one")


def test_without_polling_it_looks_once_and_after_a_reload(make, put, config):
    put("shop", 1, "one")
    models = make(ServerOptions(file_system_poll_wait_seconds=0), shop="")
    wait_available(models, shop={1})
    put("shop", 2, "two")
    models.reload(config(shop=""))
    wait_available(models, shop={2})


def test_changes_and_configs_are_told_and_a_failing_listener_stops_nothing(make, put, config, caplog):
    put("shop", 1, "one")
    told, configs = [], []
    models = Models(config(shop=""), load, OPTIONS, configs.append)
    models.on_change(lambda name, available: 1 / 0)
    models.on_change(lambda name, available: told.append((name, sorted(available))))
    models.refresh()
    models.reload(config(), time.monotonic())
    assert told == [("shop", []), ("shop", [1]), ("shop", []), ("shop", [])]
    assert configs == [config(shop=""), config()]
    assert "a change of model shop could not be announced" in caplog.text
