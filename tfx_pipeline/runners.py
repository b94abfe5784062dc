"""Where a pipeline runs, and where its Beam steps do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfx.orchestration import pipeline

IN_PROCESS = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"]
"""Options of Beam's in-process runner. Named, because Beam's default first tries to download another one."""


def run_locally(dag: "pipeline.Pipeline") -> None:
    """Run all stages in this process; stages whose inputs have not changed take their outputs from the cache."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    LocalDagRunner().run(dag)
