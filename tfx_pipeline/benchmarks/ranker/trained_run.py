"""What a run left behind that its ranker was made of."""

from dataclasses import dataclass
from pathlib import Path

import tensorflow_transform as tft

from serving.model_server.version_directory import find_versions
from tfx_pipeline.components.candidate_miner import Miner
from tfx_pipeline.config import load_config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluation_cases import EvaluationEvents
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.split_tables import read_split
from trainer.damaged_files import DamagedFileError
from trainer.hyperparameters import Hyperparameters
from trainer.model_parts import ModelParts, ModelPartsError
from trainer.retrieval_package import RetrievalPackage
from trainer.shop_encoder import load_shop_encoder


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """The parts of the newest version of a run.

    Attributes:
        miner: Transform graph, retrieval package, encoder and hyperparameters.
        examples: Folder of the transformed examples.
        events: The shop's events.
    """

    miner: Miner
    examples: Path
    events: EvaluationEvents

    @classmethod
    def load(cls, run_dir: Path) -> "TrainedRun":
        """Read a run directory.

        Raises:
            PipelineError: It has pushed no version, or a part of it is missing or damaged.
        """
        versions = find_versions(serving_dir(run_dir))
        if not versions:
            raise PipelineError(f"{run_dir}: no version was pushed; run `shoprank demo` first")
        root = run_dir.resolve() / "tfx"
        try:
            parts = ModelParts.load(versions[max(versions)], root)
            settings = Hyperparameters.from_json(parts.hyperparameters)
            package = RetrievalPackage.load(parts.package)
        except (ModelPartsError, DamagedFileError) as error:
            raise PipelineError(str(error)) from error
        transform, encoder = tft.TFTransformOutput(str(parts.transform)), load_shop_encoder(parts.package, settings)
        tables = max((root / "Ingest" / "tables").iterdir(), key=lambda folder: int(folder.name))
        events = EvaluationEvents(tables, read_split(tables, load_config(run_dir / "config.yaml").split))
        # TFX numbers the outputs of one execution alike.
        examples = parts.transform.parent.parent / "transformed_examples" / parts.transform.name
        return cls(Miner(transform, package, encoder, settings), examples, events)
