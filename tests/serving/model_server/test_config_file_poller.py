"""A model config file is followed when it changes, and one that cannot be followed is reported once."""

import threading

import grpc
import pytest

from serving.model_server.config_file_poller import ConfigFilePoller
from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.model_config import read_config_file

ONE = 'model_config_list { config { name: "one" } }'
TWO = 'model_config_list { config { name: "two" } }'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "models.config"
    path.write_text(ONE)
    return path


def names(config):
    return [model.name for model in config.model_config_list.config]


def test_only_another_content_is_followed(file):
    followed = []
    poller = ConfigFilePoller(file, read_config_file(file), 1.0, lambda config: followed.append(names(config)))
    poller.read()
    file.write_text(f"# only a comment\n{ONE}")
    poller.read()
    assert followed == []
    file.write_text(TWO)
    poller.read()
    poller.read()
    assert followed == [["two"]]


def test_what_is_refused_is_told_once_and_tried_again(file, caplog):
    tries = []

    def refuse(config):
        tries.append(names(config))
        raise invalid_argument("not like this")

    poller = ConfigFilePoller(file, read_config_file(file), 1.0, refuse)
    file.write_text(TWO)
    for _ in range(3):
        poller.read()
    assert tries == [["two"]] * 3
    assert [record.message for record in caplog.records] == [f"{file} is not followed: not like this"]


def test_a_file_that_cannot_be_read_is_told_once(file, caplog):
    poller = ConfigFilePoller(file, read_config_file(file), 1.0, pytest.fail)
    file.write_text("nonsense {")
    poller.read()
    poller.read()
    file.unlink()
    poller.read()
    messages = [record.message for record in caplog.records]
    assert [message.startswith(f"{file} is not followed: {file}: ") for message in messages] == [True, True]


def test_a_model_that_cannot_be_loaded_does_not_make_it_try_again(file, caplog):
    tries = []

    def load_in_vain(config):
        tries.append(names(config))
        raise RequestError(grpc.StatusCode.UNKNOWN, "1 model(s) did not become available")

    poller = ConfigFilePoller(file, read_config_file(file), 1.0, load_in_vain)
    file.write_text(TWO)
    poller.read()
    poller.read()
    assert tries == [["two"]]
    assert f"{file}: 1 model(s) did not become available" in caplog.text


def test_it_reads_by_itself_until_it_is_stopped(file):
    followed = threading.Event()
    poller = ConfigFilePoller(file, read_config_file(file), 0.01, lambda config: followed.set())
    poller.start()
    file.write_text(TWO)
    assert followed.wait(20)
    poller.stop()
