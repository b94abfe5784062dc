"""Where a pipeline runs, and where its Beam steps do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfx.orchestration import pipeline

IN_PROCESS = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"]
"""Options of Beam's in-process runner. Named, because Beam's default first tries to download another one."""


def run_locally(dag: "pipeline.Pipeline") -> None:
    """Run all stages in this process; stages whose inputs have not changed take their outputs from the cache."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    LocalDagRunner().run(dag)


def compile_for_kubeflow(dag: "pipeline.Pipeline", image: str, command: Sequence[str]) -> dict[str, Any]:
    """The intermediate representation of a DAG, which Vertex AI and Kubeflow Pipelines read; nothing is written.

    Args:
        dag: The pipeline.
        image: Container image of all stages.
        command: What a container starts; the runner adds the stage and its inputs.

    Returns:
        A `PipelineJob` of kfp-pipeline-spec, schema 2.1, as JSON.

    Raises:
        ModuleNotFoundError: kfp-pipeline-spec is not installed.
    """
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as kubeflow

    settings = kubeflow.KubeflowV2DagRunnerConfig(
        default_image=image, default_commands=list(command), use_pipeline_spec_2_1=True
    )
    with _importable_types(dag):
        return dict(kubeflow.KubeflowV2DagRunner(settings).run(dag, write_out=False))


@contextmanager
def _importable_types(dag: "pipeline.Pipeline") -> Iterator[None]:
    """Name our artifact types by where Kubeflow finds their classes, `tfx_pipeline.<class>`.

    For the compilation alone: in ML Metadata another name is another type, whose cached artifacts no stage would find.
    """
    outputs = [channel.type for node in dag.components for channel in node.outputs.values()]
    own = {kind: kind.TYPE_NAME for kind in outputs if kind.__module__.startswith("tfx_pipeline.")}
    try:
        for kind in own:
            kind.TYPE_NAME = f"tfx_pipeline.{kind.__name__}"
        yield
    finally:
        for kind, name in own.items():
            kind.TYPE_NAME = name
