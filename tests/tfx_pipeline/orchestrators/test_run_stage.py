"""What a container does around an executor; executors that take part are functions of the tests."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfx_pipeline.orchestrators.run_stage import run_stage
from tfx_pipeline.remote_files import copy_tree, exists, list_files
from tfx_pipeline.runners import IN_PROCESS

OURS, TFXS = "tfx_pipeline.components.ingest.Ingest_Executor", "tfx.components.transform.executor.Executor"
BEAM = ["--runner=DataflowRunner", "--project=shop"]

Executor = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store with one artifact and a frozen schema."""
    address = f"ram://{request.node.name}"
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "ingest.json").write_text("{}")
    copy_tree(str(tmp_path / "tables"), f"{address}/tfx/Ingest/tables/1")
    copy_tree(str(tmp_path / "tables" / "ingest.json"), f"{address}/schema/users.pbtxt")
    return address


class Container:
    """Runs `run_stage` with an executor, and notes what the executor was given."""

    def __init__(self, store: str, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.output_file = f"{store}/tfx/New/executor_output.json"
        self.record = "schema/users.pbtxt"
        self.given: dict[str, Any] = {}
        self.beam_options: list[str] = []

    def run(self, executor_class: str, executor: Executor) -> None:
        def run_executor(call: argparse.Namespace, beam_options: list[str]) -> None:
            self.given, self.beam_options = json.loads(call.json_serialized_invocation_args), beam_options
            result = executor(self.given)
            output_file = self.given["outputs"]["outputFile"]
            tf.io.gfile.makedirs(output_file.rpartition("/")[0])
            with tf.io.gfile.GFile(output_file, "w") as file:
                file.write(json.dumps(result))

        invocation = {
            "inputs": {
                "artifacts": {"tables": {"artifacts": [{"uri": f"{self.store}/tfx/Ingest/tables/1", "name": "a"}]}},
                "parameterValues": {"record": f"{self.folder}/{self.record}", "count": 3.0},
            },
            "outputs": {
                "artifacts": {"examples": {"artifacts": [{"uri": f"{self.store}/tfx/New/examples/2", "name": "b"}]}},
                "outputFile": self.output_file,
            },
        }
        words = [f"--run_root={self.store}", f"--run_folder={self.folder}", "--executor_class_path", executor_class]
        run_stage([*words, "--json_serialized_invocation_args", json.dumps(invocation), *BEAM], run_executor)

    @property
    def result(self) -> dict[str, Any]:
        with tf.io.gfile.GFile(self.output_file) as file:
            return json.loads(file.read())


@pytest.fixture
def container(store: str, tmp_path: Path) -> Container:
    return Container(store, tmp_path / "run")


def uri(artifacts: dict[str, Any], key: str) -> str:
    [artifact] = artifacts[key]["artifacts"]
    return str(artifact["uri"])


def test_our_stage_works_on_files_and_the_store_gets_them(container: Container) -> None:
    def executor(given: dict[str, Any]) -> dict[str, Any]:
        tables = Path(uri(given["inputs"]["artifacts"], "tables"))
        made = given["outputs"]["artifacts"]["examples"]["artifacts"][0]
        assert (tables / "ingest.json").read_text() == "{}"
        assert (container.folder / "schema" / "users.pbtxt").read_text() == "{}"
        (Path(made["uri"]) / "Split-train").mkdir()
        (Path(made["uri"]) / "Split-train" / "part").write_bytes(b"examples")
        (container.folder / "quarantine").mkdir()
        (container.folder / "quarantine" / "events.csv").write_text("bad")
        place = f"{container.folder}/quarantine"
        return {"artifacts": {"examples": {"artifacts": [{**made, "metadata": {"rejected": place}}]}}}

    container.run(OURS, executor)
    assert container.beam_options == IN_PROCESS
    made = f"{container.store}/tfx/New/examples/2"
    assert list_files(made) == ["Split-train/part"]
    assert list_files(f"{container.store}/quarantine") == ["events.csv"]
    metadata = {"rejected": f"{container.store}/quarantine"}
    expected = {"examples": {"artifacts": [{"uri": made, "name": "b", "metadata": metadata}]}}
    assert container.result == {"artifacts": expected}


def test_stages_of_tfx_are_left_alone(container: Container) -> None:
    def executor(given: dict[str, Any]) -> dict[str, Any]:
        assert uri(given["inputs"]["artifacts"], "tables") == f"{container.store}/tfx/Ingest/tables/1"
        assert uri(given["outputs"]["artifacts"], "examples") == f"{container.store}/tfx/New/examples/2"
        return {}

    container.run(TFXS, executor)
    assert container.beam_options == BEAM and container.result == {} and not container.folder.exists()


def test_kubeflow_takes_the_output_file_on_the_disk_of_the_container(container: Container, tmp_path: Path) -> None:
    container.output_file = str(tmp_path / "kubeflow" / "output_metadata.json")

    def executor(given: dict[str, Any]) -> dict[str, Any]:
        made = given["outputs"]["artifacts"]["examples"]["artifacts"][0]
        (Path(made["uri"]) / "part").write_bytes(b"examples")
        return {"artifacts": {"examples": {"artifacts": [made]}}}

    container.run(OURS, executor)
    made = f"{container.store}/tfx/New/examples/2"
    assert list_files(made) == ["part"]
    assert container.result["artifacts"]["examples"]["artifacts"][0]["uri"] == made


def test_a_record_that_is_yet_to_be_written_is_no_folder(container: Container) -> None:
    def executor(given: dict[str, Any]) -> dict[str, Any]:
        Path(given["inputs"]["parameterValues"]["record"]).write_text("[]")
        return {}

    container.record = "record.json"
    container.run(OURS, executor)
    assert exists(f"{container.store}/record.json")


def test_of_a_stage_that_fails_the_records_stay_and_no_output(container: Container) -> None:
    def executor(given: dict[str, Any]) -> dict[str, Any]:
        (Path(uri(given["outputs"]["artifacts"], "examples")) / "half").touch()
        (container.folder / "anomalies.json").write_text("[]")
        raise RuntimeError("the examples break the schema")

    with pytest.raises(RuntimeError, match="^the examples break the schema$"):
        container.run(OURS, executor)
    assert exists(f"{container.store}/anomalies.json")
    assert list_files(f"{container.store}/tfx/New") == []
