"""What Vertex AI and Kubeflow do with a compiled pipeline, in this process: each stage's command, one after another."""

import json
import shutil
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import tensorflow as tf

from tfx_pipeline.orchestrators.run_folder import FOLDER
from tfx_pipeline.orchestrators.run_stage import run_stage


class SmallOrchestrator:
    """Runs the stages of a `PipelineSpec` by what the file says alone.

    Attributes:
        outputs: Stage -> `ExecutorOutput` as JSON, of the stages that ran.
    """

    def __init__(self, spec: dict[str, Any], folder: Path) -> None:
        """Start with a `PipelineSpec`, and a folder that is a container's own disk."""
        # A container may write to the folder that stands for the run directory, a test may not.
        self._spec = json.loads(json.dumps(spec).replace(str(FOLDER), str(folder / "run")))
        self._folder, self._root = folder, spec["defaultPipelineRoot"]
        self.outputs: dict[str, dict[str, Any]] = {}

    @property
    def order(self) -> list[str]:
        """The stages, each behind those that it waits for."""
        tasks = self._spec["root"]["dag"]["tasks"]
        graph = {name: task.get("dependentTasks", []) for name, task in tasks.items()}
        return list(TopologicalSorter(graph).static_order())

    def run(self, stage: str) -> None:
        """Run one stage, whose inputs have been made."""
        output_file = f"{self._root}/{stage}/executor_output.json"
        label = self._spec["components"][stage]["executorLabel"]
        container = self._spec["deploymentSpec"]["executors"][label]["container"]
        assert container["command"][:3] == ["python", "-m", "tfx_pipeline.orchestrators.run_stage"]
        call = json.dumps(self._call(stage, output_file))
        arguments = [*container["command"][3:], *(call if word == "{{$}}" else word for word in container["args"])]
        # TFX reads the command line of the process as well, which is that of pytest here.
        with patch.object(sys, "argv", ["run_stage", *arguments]):
            run_stage(arguments)
        shutil.rmtree(self._folder, ignore_errors=True)  # The next container has a disk of its own.
        with tf.io.gfile.GFile(output_file) as file:
            self.outputs[stage] = json.loads(file.read())

    def output(self, stage: str, key: str) -> dict[str, Any]:
        """An output artifact of a stage that ran."""
        [artifact] = self.outputs[stage]["artifacts"][key]["artifacts"]
        return artifact

    def _call(self, stage: str, output_file: str) -> dict[str, Any]:
        inputs = self._spec["root"]["dag"]["tasks"][stage].get("inputs", {})
        artifacts = {key: self._input(stage, key, given) for key, given in inputs.get("artifacts", {}).items()}
        parameters = {key: given["runtimeValue"]["constant"] for key, given in inputs.get("parameters", {}).items()}
        definitions = self._spec["components"][stage].get("outputDefinitions", {}).get("artifacts", {})
        made = {
            key: {"artifacts": [self._artifact(stage, key, defined["artifactType"])]}
            for key, defined in definitions.items()
        }
        return {
            "inputs": {"artifacts": artifacts, "parameterValues": parameters},
            "outputs": {"artifacts": made, "outputFile": output_file},
        }

    def _artifact(self, stage: str, key: str, kind: dict[str, Any]) -> dict[str, Any]:
        return {"name": f"{stage}.{key}", "type": kind, "uri": f"{self._root}/{stage}/{key}/1"}

    def _input(self, stage: str, key: str, given: dict[str, Any]) -> dict[str, Any]:
        source = given["taskOutputArtifact"]
        made = self.output(source["producerTask"], source["outputArtifactKey"])
        kind = self._spec["components"][stage]["inputDefinitions"]["artifacts"][key]["artifactType"]
        return {"artifacts": [{**made, "type": kind}]}
