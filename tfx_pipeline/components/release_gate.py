"""TFX component: the one blessing that the Pusher asks for, from TFMA's thresholds and the catalogue evaluation."""

from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx.components.util import model_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from tfx_pipeline.catalogue_evaluation import read_result
from tfx_pipeline.components.artifacts import CatalogueEvaluation, ExportCheckResult, OffPolicyEvaluation
from tfx_pipeline.config import EvaluationConfig
from tfx_pipeline.off_policy_check import read_check
from tfx_pipeline.release_gates import catalogue_gates, export_gate, off_policy_gates, search_gates, write_gates
from tfx_pipeline.run_summary import Gate
from trainer.export_checks.export_check import ExportCheck
from trainer.features import EVAL


@component
def ReleaseGate(
    ranker_evaluation: InputArtifact[standard_artifacts.ModelEvaluation],
    ranker_blessing: InputArtifact[standard_artifacts.ModelBlessing],
    catalogue_evaluation: InputArtifact[CatalogueEvaluation],
    export_check: InputArtifact[ExportCheckResult],
    settings: Parameter[str],
    objective: Parameter[str],
    version: Parameter[str],
    blessing: OutputArtifact[standard_artifacts.ModelBlessing],
    off_policy: InputArtifact[OffPolicyEvaluation] = None,
) -> None:
    """Bless the model if every gate is passed.

    Args:
        ranker_evaluation: TFMA's metrics.
        ranker_blessing: TFMA's verdict.
        catalogue_evaluation: Full-catalogue metrics.
        export_check: Whether the model can be served.
        settings: `EvaluationConfig` as JSON.
        objective: The objective that TFMA's threshold is on.
        version: Hash of the code.
        blessing: The verdict, with gates.json beside it.
        off_policy: What the feedback log says of the model, where there is one.
    """
    del version
    config = EvaluationConfig.model_validate_json(settings)
    result = read_result(Path(catalogue_evaluation.uri))
    positives = {scores.objective: scores.positives for scores in result.ranker}
    gates = [
        export_gate(ExportCheck.load(Path(export_check.uri))),
        _ranker_gate(
            _auc(ranker_evaluation.uri, objective),
            model_utils.is_model_blessed(ranker_blessing),
            objective,
            positives.get(objective),
            config,
        ),
        *catalogue_gates(result.window(EVAL), config),
        *search_gates(result.searches, config),
        *off_policy_gates(None if off_policy is None else read_check(Path(off_policy.uri)), config),
    ]
    blessed = all(gate.passed for gate in gates)
    folder = Path(blessing.uri)
    folder.mkdir(parents=True, exist_ok=True)
    write_gates(gates, folder)
    (folder / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
    blessing.set_int_custom_property("blessed", int(blessed))


def _ranker_gate(
    value: float | None, passed: bool, objective: str, positives: int | None, config: EvaluationConfig
) -> Gate:
    name = f"ranker AUC, {objective}, eval window"
    if positives == 0:
        return Gate(name, False, f"no candidate of the eval window was followed by a {objective}, so there is no AUC")
    found = "no AUC" if value is None else f"{value:.4f}"
    return Gate(name, passed, f"{found} against at least {config.minimum_ranker_auc}")


def _auc(uri: str, objective: str) -> float | None:
    for slice_key, metrics in tfma.load_eval_result(uri).slicing_metrics:
        if not slice_key:
            for output in metrics.values():
                for by_name in output.values():
                    if "auc" in by_name:
                        return float(by_name["auc"]["doubleValue"])
    return None
