"""The parts of an earlier model that a training continues from, read when they are asked for."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow_transform as tft

from trainer.bandit.posterior import LinearPosterior
from trainer.catalogue import vocabulary
from trainer.damaged_files import read_whole
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import POSTERIOR_FILE
from trainer.model_parts import ModelParts
from trainer.ranker import Ranker
from trainer.retrieval import TwoTowerModel
from trainer.warm_start.training_span import TrainingSpan


@dataclass(frozen=True)
class PreviousModel:
    """An earlier model. What is missing or damaged raises `DamagedFileError`, with one line that names the file.

    Attributes:
        version: Folder of the pushed version.
        parts: Where its parts are.
    """

    version: Path
    parts: ModelParts

    @classmethod
    def load(cls, version: Path, artifacts: Path) -> "PreviousModel":
        """Find the parts of a pushed version.

        Args:
            version: Its folder.
            artifacts: TFX's folder of the run that pushed it.

        Raises:
            ModelPartsError: The version does not say what it was made of, or a part is gone.
        """
        return cls(version, ModelParts.load(version, artifacts))

    @cached_property
    def settings(self) -> Hyperparameters:
        """What it was trained with."""
        return Hyperparameters.from_json(self.parts.hyperparameters)

    @cached_property
    def span(self) -> TrainingSpan:
        """Until when its towers learned."""
        return TrainingSpan.load(self.parts.package)

    @cached_property
    def towers(self) -> TwoTowerModel:
        """The trained towers."""
        return read_whole(self.parts.package / "towers.keras", _read_model)

    @cached_property
    def ranker(self) -> Ranker:
        """The trained ranker."""
        return read_whole(self.parts.ranker, _read_model)

    @cached_property
    def posterior(self) -> LinearPosterior:
        """The bandit posterior of the version, with the feedback that it has learned from since its training."""
        return read_whole(self.version / POSTERIOR_FILE, LinearPosterior.load)

    def words(self, name: str) -> np.ndarray:
        """The words of one of its vocabularies in the order of their rows, str [size]."""
        graph = self.parts.transform
        return read_whole(graph, lambda path: vocabulary(tft.TFTransformOutput(str(path)), name))


def _read_model(path: Path) -> keras.Model:
    return keras.saving.load_model(path, compile=False)
