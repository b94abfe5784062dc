"""Where a pipeline runs. For now: on this machine, stage after stage."""

from tfx.orchestration import pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner


def run_locally(dag: pipeline.Pipeline) -> None:
    """Run all stages in this process; stages whose inputs have not changed take their outputs from the cache."""
    LocalDagRunner().run(dag)
