"""The newest model of a run, exported once more with other settings."""

import json
from dataclasses import replace
from pathlib import Path

from serving.model_server.version_directory import find_versions
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_directory import serving_dir
from trainer.damaged_files import DamagedFileError
from trainer.model_files import POSTERIOR_FILE, SAVED_TRAFFIC_FILE
from trainer.model_parts import ModelParts, ModelPartsError
from trainer.quantisation.export_settings import Precision
from trainer.refreshed_model import RefreshedModel


def export_run(run_dir: Path, precision: Precision, folder: Path) -> None:
    """Export the newest version of a run with vectors and text encoder in a precision; nothing is trained.

    Args:
        run_dir: A run directory, such as `shoprank demo` makes.
        precision: Of the vectors of items and of the weights of the text encoder.
        folder: Where to; must not exist.

    Raises:
        PipelineError: The run has pushed no version, or a part of it is missing or damaged.
    """
    versions = find_versions(serving_dir(run_dir))
    if not versions:
        raise PipelineError(f"{run_dir}: no version was pushed; run `shoprank demo` first")
    served = versions[max(versions)]
    try:
        parts = ModelParts.load(served, run_dir.resolve() / "tfx")
        export = {"item_vectors": precision, "text_encoder": precision}
        settings = json.dumps({**json.loads(parts.hyperparameters), "export": export})
        model = RefreshedModel(replace(parts, hyperparameters=settings), served / POSTERIOR_FILE, str(max(versions)))
        model.export(folder, served / SAVED_TRAFFIC_FILE if (served / SAVED_TRAFFIC_FILE).exists() else None)
    except (ModelPartsError, DamagedFileError) as error:
        raise PipelineError(str(error)) from error
