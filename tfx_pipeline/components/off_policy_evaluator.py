"""TFX component: what the feedback log says about the policy of the new model."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from tfx_pipeline.components.artifacts import OffPolicyEvaluation, ShopTables
from tfx_pipeline.config import Config
from tfx_pipeline.off_policy_check import write_check
from tfx_pipeline.off_policy_measure import measure_off_policy
from tfx_pipeline.split_tables import trained_until


@component
def OffPolicyEvaluator(
    tables: InputArtifact[ShopTables],
    model: InputArtifact[standard_artifacts.Model],
    log: Parameter[str],
    log_hash: Parameter[str],
    config: Parameter[str],
    version: Parameter[str],
    evaluation: OutputArtifact[OffPolicyEvaluation],
) -> None:
    """Evaluate.

    Args:
        tables: The tables on the data contract, for the time at which training ends.
        model: The exported servable.
        log: Folder of the feedback log.
        log_hash: Hash of its files, and the hour: slates become old enough without a new file.
        config: The parts of `Config` that the evaluation reads, as JSON.
        version: Hash of the code.
        evaluation: The result, an `OffPolicyCheck`.
    """
    del log_hash, version
    settings = Config.model_validate_json(config)
    path = Path(path_utils.serving_model_path(model.uri))
    known = trained_until(Path(tables.uri), settings.split)
    write_check(measure_off_policy(path, Path(log), known, settings), Path(evaluation.uri))
