"""The client for Node: it asks as the Python client does, of the protos that tensorflow-serving-api brings."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from serving import inputs as signature_inputs
from serving import messages
from serving.assignment import Assignment
from serving.tensors import to_array, to_tensor

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "node_client"
USERS = ["4711", "Zoë", "用户", ""]


def make_descriptors() -> Any:
    spec = importlib.util.spec_from_file_location("make_descriptors", EXAMPLE / "make_descriptors.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.descriptor_set()


@pytest.mark.slow
def test_every_file_comes_behind_what_it_imports() -> None:
    seen: set[str] = set()
    for file in make_descriptors().file:
        assert set(file.dependency) <= seen, file.name
        seen.add(file.name)
    assert {f"tensorflow_serving/apis/{name}_service.proto" for name in ("prediction", "model")} <= seen


def test_the_packages_are_pinned() -> None:
    package, lock = (json.loads((EXAMPLE / name).read_text()) for name in ("package.json", "package-lock.json"))
    assert set(package["dependencies"]) == {"@grpc/grpc-js", "@grpc/proto-loader"}
    installed = {name.removeprefix("node_modules/"): entry for name, entry in lock["packages"].items() if name}
    for name, version in package["dependencies"].items():
        assert installed[name]["version"] == version
    assert all(entry["integrity"].startswith("sha512-") for entry in installed.values())


def test_the_split_of_users_is_the_same() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    program = f"""
        const {{ position }} = require({json.dumps(str(EXAMPLE / "assignment.js"))});
        console.log(JSON.stringify({json.dumps(USERS)}.map((user) => position(user, '8'))));
    """
    run = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(run.stdout) == [Assignment(0.5, salt="8").position(user) for user in USERS]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its packages and the descriptor set."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules", "*.binpb"))
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if run.returncode:
        pytest.skip(f"npm cannot install the packages: {run.stderr[-300:]}")
    (folder / "serving.binpb").write_bytes(make_descriptors().SerializeToString())
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[Any]]]:
    """A stand-in for a model server: its address, and the requests that it got."""
    asked: list[Any] = []

    def predict(request: Any, context: Any) -> Any:
        asked.append(request)
        if request.model_spec.version_label == "canary":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Unrecognized servable version label: canary")
        [user] = to_array(request.inputs["user_id"])
        answers = {
            "item_ids": np.array([["a", "é", ""]], object),
            "scores": np.array([[1.5, 0.25, 0]], np.float32),
            "propensities": np.array([[1, 0.5, 0]], np.float32),
            "sources": np.array([["ann", "history", ""]], object),
            "request_id": np.array([f"of {user.decode()}"], object),
            "model_version": np.array(["8"], object),
        }
        response = messages.PredictResponse()
        for name, array in answers.items():
            response.outputs[name].CopyFrom(to_tensor(array))
        return response

    serving = grpc.server(ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(
        predict, messages.PredictRequest.FromString, lambda message: message.SerializeToString()
    )
    generic = grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", {"Predict": handler})
    serving.add_generic_rpc_handlers((generic,))
    port = serving.add_insecure_port("127.0.0.1:0")
    serving.start()
    yield f"127.0.0.1:{port}", asked
    serving.stop(0)


def ask(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = ["node", "client.js", *words]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
def test_it_asks_and_prints(installed: Path, server: tuple[str, list[Any]]) -> None:
    target, asked = server
    run = ask(installed, target, "serving.binpb", "Zoë", "3")
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout.splitlines() == [
        "request of Zoë version 8",
        "0 a 1.5000 1.0000 ann",
        "1 é 0.2500 0.5000 history",
    ]
    request = asked[-1]
    assert (request.model_spec.name, request.model_spec.signature_name) == ("shoprank", "recommend")
    ours = signature_inputs.user_side(["Zoë"], None, None, None, None)
    ours |= signature_inputs.filter_side(1) | signature_inputs.slate_side(1, 3, None, None)
    assert set(request.inputs) == set(ours)
    for name in set(ours) - {"seed"}:
        theirs, as_sent = to_array(request.inputs[name]), to_array(to_tensor(ours[name]))
        assert theirs.dtype == as_sent.dtype, name
        np.testing.assert_array_equal(theirs, as_sent)


@pytest.mark.slow
def test_it_asks_for_the_arm_of_the_user_and_tells_errors(installed: Path, server: tuple[str, list[Any]]) -> None:
    target, asked = server
    share = {"SHOPRANK_CANARY_SHARE": "0.5", "SHOPRANK_CANARY_SALT": "8"}
    assert ask(installed, target, "serving.binpb", "4711", **share).returncode == 0
    assert asked[-1].model_spec.version_label == "stable"
    run = ask(installed, target, "serving.binpb", "4711", **{**share, "SHOPRANK_CANARY_SHARE": "0.9"})
    assert asked[-1].model_spec.version_label == "canary"
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "3 INVALID_ARGUMENT: Unrecognized servable version label: canary\n"
    assert ask(installed, target, "serving.binpb").returncode == 1
