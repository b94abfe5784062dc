"""Which artifacts a SavedModel was put together from, so that it can be put together again over other items."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from trainer.hyperparameters import Hyperparameters
from trainer.model_files import CALIBRATION_FILE, PARTS_FILE


class ModelPartsError(ValueError):
    """The record of a model's parts cannot be used; the message is one line that names the file."""


@dataclass(frozen=True)
class ModelParts:
    """Where the parts of a model are.

    Attributes:
        package: Folder of the `RetrievalPackage`.
        transform: Folder of the transform graph.
        ranker: The ranker's `.keras` file.
        hyperparameters: The JSON text of `Hyperparameters`.
    """

    package: Path
    transform: Path
    ranker: Path
    hyperparameters: str

    def save(self, saved_model: Path) -> None:
        """Write beside a SavedModel; paths are written relative to the folder that all parts share, TFX's root."""
        root = os.path.commonpath([self.package, self.transform, self.ranker])
        relative = {name: os.path.relpath(path, root) for name, path in self.paths.items()}
        path = saved_model / PARTS_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**relative, "hyperparameters": self.hyperparameters}, indent=1)
        path.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, saved_model: Path, root: Path) -> "ModelParts":
        """Read what `save` wrote.

        Args:
            saved_model: Folder of the SavedModel.
            root: The folder that all parts share, wherever it is by now.

        Raises:
            ModelPartsError: The file is missing or damaged, or a part is gone.
        """
        path = saved_model / PARTS_FILE
        if not path.is_file():
            raise ModelPartsError(f"{path}: the model does not say what it was made of; a new run writes one that does")
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            paths = {name: root / values[name] for name in ("package", "transform", "ranker")}
            parts = cls(**paths, hyperparameters=values["hyperparameters"])
            Hyperparameters.from_json(parts.hyperparameters)
        except (ValueError, TypeError, KeyError) as error:
            raise ModelPartsError(f"{path}: damaged: {type(error).__name__}: {error}") from error
        for name, part in parts.paths.items():
            if not part.exists():
                raise ModelPartsError(f"{part}: the {name} of the model is not there any more")
        return parts

    @property
    def calibration(self) -> Path:
        """The file of the calibration, beside the ranker's."""
        return self.ranker.with_name(CALIBRATION_FILE)

    @property
    def paths(self) -> dict[str, Path]:
        """The parts that are files or folders, by name."""
        return {"package": self.package, "transform": self.transform, "ranker": self.ranker}
