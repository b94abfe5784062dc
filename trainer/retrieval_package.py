"""What the two-tower training hands on: the model, and the stores that candidates and servable are built from."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import keras
import numpy as np

from trainer.catalogue import Catalogue
from trainer.item_statistics import ItemStatistics
from trainer.retrieval import TwoTowerModel
from trainer.text_reducer import TextReducer
from trainer.user_store import UserStore


@dataclass(frozen=True)
class RetrievalPackage:
    """A folder that is read and written as a whole.

    Attributes:
        towers: The trained two-tower model.
        catalogue: The items.
        users: The user store.
        at_ranker_start: Item statistics of what lies before the ranker's window.
        at_training_end: Item statistics of the whole training window.
        reducer: The map of text vectors.
    """

    towers: TwoTowerModel
    catalogue: Catalogue
    users: UserStore
    at_ranker_start: ItemStatistics
    at_training_end: ItemStatistics
    reducer: TextReducer

    def save(self, folder: Path) -> None:
        """Write all parts into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.towers.save(folder / "towers.keras")
        self.reducer.save(folder / "reducer.npz")
        for name in _ARRAYS:
            arrays = {key: _storable(value) for key, value in asdict(getattr(self, name)).items()}
            np.savez(folder / f"{name}.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> "RetrievalPackage":
        """Read what `save` wrote."""
        parts = {name: _load_arrays(kind, folder / f"{name}.npz") for name, kind in _ARRAYS.items()}
        towers = keras.saving.load_model(folder / "towers.keras", compile=False)
        return cls(towers=towers, reducer=TextReducer.load(folder / "reducer.npz"), **parts)

    def preferences(self, batch: int = 8192) -> np.ndarray:
        """Preference vectors of all rows of the catalogue, the unknown item last; float32 [V + 1, D]."""
        rows = np.arange(len(self.catalogue) + 1)
        parts = [self.towers.embed_items(rows[start : start + batch]) for start in range(0, len(rows), batch)]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


_ARRAYS = {
    "catalogue": Catalogue,
    "users": UserStore,
    "at_ranker_start": ItemStatistics,
    "at_training_end": ItemStatistics,
}


def _storable(value: object) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(np.str_) if array.dtype == object else array


def _load_arrays(kind: type, path: Path) -> object:
    with np.load(path) as arrays:
        values = {field.name: arrays[field.name] for field in fields(kind)}
    plain = {name: value.tolist() if value.ndim == 0 else value for name, value in values.items()}
    return kind(**plain)
