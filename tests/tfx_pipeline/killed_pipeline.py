"""Run a TFX pipeline of two stages into a run directory; the second kills the process without a word.

python killed_pipeline.py RUN_DIR
"""

import os
import signal
import sys
from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration import metadata, pipeline
from tfx.types import standard_artifacts

from tfx_pipeline.run_log import log_to
from tfx_pipeline.runners import run_locally


@component
def FirstStage(statistics: OutputArtifact[standard_artifacts.String]) -> None:
    Path(statistics.uri).write_text("done")


@component
def SecondStage() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(run_dir: Path) -> None:
    first, second = FirstStage(), SecondStage()
    second.add_upstream_node(first)
    root = run_dir / "tfx"
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
    with log_to(run_dir / "logs" / "20260101T000000.log"):
        run_locally(
            pipeline.Pipeline(
                pipeline_name="shoprank",
                pipeline_root=str(root),
                components=[first, second],
                metadata_connection_config=connection,
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
