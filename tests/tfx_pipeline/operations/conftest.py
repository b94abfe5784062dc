"""A run with versions, and a stand-in for a model server that keeps TensorFlow Serving's rules about labels."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from serving import messages

LOADING, AVAILABLE, END = 20, 30, 50


class StandIn:
    """Holds versions without models.

    As in TensorFlow Serving, a version is loaded after the reload has been answered, here when the status has been
    asked for twice, and a label can be given to an available version only. A version in `broken` never loads.
    """

    def __init__(self, in_service: int | None = None) -> None:
        self.states: dict[int, int] = {} if in_service is None else {in_service: AVAILABLE}
        self.labels: dict[str, int] = {}
        self.broken: set[int] = set()
        self.configs: list[tuple[list[int], dict[str, int]]] = []
        self._asked: dict[int, int] = {}
        self._server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
        self._answer("ModelService", "GetModelStatus", messages.GetModelStatusRequest, self._status)
        self._answer("ModelService", "HandleReloadConfigRequest", messages.ReloadConfigRequest, self._reload)
        self._answer("PredictionService", "GetModelMetadata", messages.GetModelMetadataRequest, self._metadata)
        self.target = f"localhost:{self._server.add_insecure_port('localhost:0')}"
        self._server.start()

    @property
    def available(self) -> set[int]:
        return {version for version, state in self.states.items() if state == AVAILABLE}

    def stop(self) -> None:
        self._server.stop(0).wait()

    def _answer(self, service: str, method: str, request_class: Any, answer: Callable[..., Any]) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            answer, request_class.FromString, lambda message: message.SerializeToString()
        )
        generic = grpc.method_handlers_generic_handler(f"tensorflow.serving.{service}", {method: handler})
        self._server.add_generic_rpc_handlers((generic,))

    def _status(self, request: Any, context: Any) -> Any:
        for version in [version for version, state in self.states.items() if state == LOADING]:
            self._asked[version] = self._asked.get(version, 0) + 1
            if self._asked[version] > 1:
                self.states[version] = END if version in self.broken else AVAILABLE
        if not self.states:
            context.abort(grpc.StatusCode.NOT_FOUND, "Could not find any versions of model shoprank")
        response = messages.GetModelStatusResponse()
        for version, state in self.states.items():
            entry = response.model_version_status.add(version=version, state=state)
            if state == END and version in self.broken:
                entry.status.error_code, entry.status.error_message = 2, "no such graph"
        return response

    def _reload(self, request: Any, context: Any) -> Any:
        [model] = request.config.model_config_list.config
        versions, labels = list(model.model_version_policy.specific.versions), dict(model.version_labels)
        self.configs.append((versions, labels))
        for version in versions:
            if self.states.get(version) not in (LOADING, AVAILABLE):
                self.states[version], self._asked[version] = LOADING, 0
        for version in self.available - set(versions) if versions else ():
            self.states[version] = END
        refused = [version for version in labels.values() if self.states.get(version) != AVAILABLE]
        if refused:
            message = f"Request to assign label to {refused[0]}, which is not currently available for inference"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        self.labels = labels
        return messages.ReloadConfigResponse()

    def _metadata(self, request: Any, context: Any) -> Any:
        label = request.model_spec.version_label
        if label not in self.labels:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Unrecognized servable version label: {label}")
        response = messages.GetModelMetadataResponse()
        response.model_spec.version.value = self.labels[label]
        return response


@pytest.fixture
def start() -> Iterator[Callable[..., StandIn]]:
    """A function that starts a stand-in."""
    started: list[StandIn] = []

    def start_one(in_service: int | None = None) -> StandIn:
        started.append(StandIn(in_service))
        return started[-1]

    yield start_one
    for server in started:
        server.stop()


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run with the versions 6, 7 and 8."""
    for version in (6, 7, 8):
        push(tmp_path, version)
    return tmp_path


def push(run_dir: Path, version: int) -> None:
    folder = run_dir / "serving" / "shoprank" / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"x" * 1000 * version)
