"""TFX component: the exported model, loaded in a fresh process and held against the servable that was saved."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.components.artifacts import ExportCheckResult
from trainer.export_checks.export_check import check_export
from trainer.export_checks.recorded_calls import CALLS_FILE


@component
def ExportChecker(
    model: InputArtifact[standard_artifacts.Model],
    model_run: InputArtifact[standard_artifacts.ModelRun],
    version: Parameter[str],
    check: OutputArtifact[ExportCheckResult],
) -> None:
    """Check.

    Args:
        model: The exported servable.
        model_run: The folder of the ranker's training, with the calls that were recorded before the servable was saved.
        version: Hash of the code.
        check: The result, an `ExportCheck`; one that failed ends in the release gate.
    """
    del version
    saved_model = Path(path_utils.serving_model_path(model.uri))
    check_export(saved_model, Path(model_run.uri) / CALLS_FILE).save(Path(check.uri))
