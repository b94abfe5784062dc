"""A pipeline in the intermediate representation of Kubeflow Pipelines, and the check that nothing got lost in it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfx_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

Job = dict[str, Any]
"""A `PipelineJob` of kfp-pipeline-spec as JSON, with `pipelineSpec` and `runtimeConfig`."""


def check_compiled(spec: dict[str, Any], dag: "Pipeline", image: str, root: str, command: Sequence[str]) -> None:
    """Compare a compiled pipeline with the local DAG.

    Args:
        spec: A `PipelineSpec` as JSON.
        dag: The DAG that it was compiled from.
        image: The container image of all stages.
        root: The pipeline root.
        command: What the containers start.

    Raises:
        PipelineError: A stage, an edge between two stages, the image, the command, an option of Beam or the root is
            missing or different; one line with all that is.
    """
    wrong = [*_stages(spec, dag), *_containers(spec, dag, image, list(command))]
    if spec.get("defaultPipelineRoot") != root:
        wrong.append(f"its pipeline root is {spec.get('defaultPipelineRoot')!r}, not {root!r}")
    if wrong:
        raise PipelineError("the compiled pipeline is not the local one: " + "; ".join(wrong))


def _stages(spec: dict[str, Any], dag: "Pipeline") -> Iterator[str]:
    tasks = spec["root"]["dag"]["tasks"]
    for node in dag.components:
        if node.id not in tasks:
            yield f"the stage {node.id} is missing"
            continue
        lost = {upstream.id for upstream in node.upstream_nodes} - set(tasks[node.id].get("dependentTasks", ()))
        if lost:
            yield f"the stage {node.id} does not wait for {', '.join(sorted(lost))}"


def _containers(spec: dict[str, Any], dag: "Pipeline", image: str, command: list[str]) -> Iterator[str]:
    executors = spec["deploymentSpec"]["executors"]
    for node in dag.components:
        label = spec["components"].get(node.id, {}).get("executorLabel")
        container = executors.get(label, {}).get("container")
        if container is None:
            yield f"the stage {node.id} has no container"
            continue
        if container.get("image") != image:
            yield f"the stage {node.id} runs in {container.get('image')!r}, not {image!r}"
        if container.get("command") != command:
            yield f"the stage {node.id} starts {' '.join(container.get('command', []))!r}, not {' '.join(command)!r}"
        missing = [option for option in dag.beam_pipeline_args if option not in container.get("args", [])]
        if missing:
            yield f"the stage {node.id} lacks the Beam options {' '.join(missing)}"
