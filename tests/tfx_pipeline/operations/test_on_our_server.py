"""Promote, canary and rollback on our own server, while a client asks for the stable version all the time."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import messages
from serving.connection import Connection, ServingError
from serving.model_server.options import ServerOptions
from serving.tensors import to_array, to_tensor
from tfx_pipeline.operations.changes import canary, promote, rollback
from tfx_pipeline.operations.models_config import config_path
from tfx_pipeline.operations.version_list import list_versions


def save_version(folder: Path, version: int) -> None:
    """A model that answers with its version."""
    import tensorflow as tf

    module = tf.Module()
    tell = tf.function(lambda x: {"version": tf.fill(tf.shape(x), version)})
    signature = tell.get_concrete_function(tf.TensorSpec([None], tf.int32, "x"))
    tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    for version in (7, 8):
        save_version(run / "serving" / "shoprank" / str(version), version)
    return run


@pytest.fixture
def start(run_dir: Path) -> Iterator[Callable[..., str]]:
    """A function that starts a server and waits for a version; all are stopped in the end."""
    from serving.model_server.server import ModelServer

    servers: list[Any] = []

    def start_one(**options: Any) -> str:
        ready = threading.Event()
        given = ServerOptions(port=0, file_system_poll_wait_seconds=0.05, **options)
        servers.append(ModelServer(given, on_available=lambda _: ready.set()))
        target = f"127.0.0.1:{servers[-1].start()}"
        assert ready.wait(60)
        return target

    yield start_one
    for server in servers:
        server.stop()


def ask(connection: Connection, label: str = "") -> int:
    request = messages.PredictRequest(model_spec=messages.ModelSpec(name="shoprank"))
    if label:
        request.model_spec.version_label = label
    request.inputs["x"].CopyFrom(to_tensor(np.zeros(1, np.int32)))
    response = connection.call("PredictionService/Predict", request, messages.PredictResponse)
    return int(to_array(response.outputs["version"])[0])


class SteadyClient:
    """Asks for the stable version as long as it runs, and keeps what it got."""

    def __init__(self, target: str) -> None:
        self.answers: list[int] = []
        self.errors: list[str] = []
        self._target = target
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "SteadyClient":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        connection = Connection(self._target, 10)
        while not self._end.wait(0.01):
            try:
                self.answers.append(ask(connection, "stable"))
            except ServingError as error:
                self.errors.append(str(error))
        connection.close()


def test_no_request_fails_on_the_way_through_a_canary_and_back(run_dir: Path, start: Callable[..., str]) -> None:
    target = start(model_base_path=run_dir / "serving" / "shoprank")
    asked = Connection(target, 10)
    promote(run_dir, 7, [target])
    with SteadyClient(target) as client:
        assert (ask(asked, "stable"), ask(asked, "canary")) == (7, 7)
        canary(run_dir, 8, 0.2, [target])
        assert (ask(asked, "stable"), ask(asked, "canary")) == (7, 8)

        listed = list_versions(run_dir, target)
        assert [(one.version, one.state, one.labels, one.share) for one in listed.versions] == [
            (8, "AVAILABLE", ("canary",), 0.2),
            (7, "AVAILABLE", ("stable",), 0.8),
        ]
        promote(run_dir, 8, [target])
        assert (ask(asked, "stable"), ask(asked, "canary")) == (8, 8)
        rollback(run_dir, [target])
        assert (ask(asked, "stable"), ask(asked)) == (7, 7)
    asked.close()
    assert client.errors == []
    assert set(client.answers) == {7, 8}


def test_a_server_that_starts_takes_the_file(run_dir: Path, start: Callable[..., str]) -> None:
    promote(run_dir, 7, [])
    target = start(model_config_file=config_path(run_dir), allow_version_labels_for_unavailable_models=True)
    connection = Connection(target, 10)
    assert (ask(connection), ask(connection, "stable"), ask(connection, "canary")) == (7, 7, 7)
    connection.close()
