"""TFX's Tuner, which also writes what every trial did, for the report."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.components import Tuner
from tfx.components.tuner import executor
from tfx.dsl.components.base import executor_spec
from tfx.types import artifact_utils, standard_component_specs


class ModelTunerExecutor(executor.Executor):
    """Searches with a `tuner_fn` of `trainer.tuning`; writes a `SearchRecord` beside TFX's own results."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Search; arguments as in TFX's executor."""
        tuner = executor.search(input_dict, exec_properties, self._get_tmp_dir(), print_tuning_summary=False)
        executor.write_best_hyperparameters(tuner, output_dict)
        results = artifact_utils.get_single_uri(output_dict[standard_component_specs.TUNER_RESULTS_KEY])
        tuner.record().save(Path(results))


class ModelTuner(Tuner):
    """A Tuner with that executor."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ModelTunerExecutor)
