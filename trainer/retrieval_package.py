"""What the two-tower training hands on: the model, and the stores that candidates and servable are built from."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from trainer.catalogue import Catalogue
from trainer.item_statistics import ItemStatistics
from trainer.item_to_item.neighbours import Neighbours
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
        neighbours_at_ranker_start: Neighbours learned before the ranker's window.
        neighbours_at_training_end: Neighbours learned from the whole training window.
        reducer: The map of text vectors.
    """

    towers: TwoTowerModel
    catalogue: Catalogue
    users: UserStore
    at_ranker_start: ItemStatistics
    at_training_end: ItemStatistics
    neighbours_at_ranker_start: Neighbours
    neighbours_at_training_end: Neighbours
    reducer: TextReducer

    def counted(self, at_training_end: bool) -> tuple[ItemStatistics, Neighbours]:
        """Statistics and neighbours of the whole training window, or of the ranker's start."""
        if at_training_end:
            return self.at_training_end, self.neighbours_at_training_end
        return self.at_ranker_start, self.neighbours_at_ranker_start

    def save(self, folder: Path) -> None:
        """Write all parts into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.towers.save(folder / "towers.keras")
        self.reducer.save(folder / "reducer.npz")
        _save_arrays(self.catalogue, folder / "catalogue.npz")
        _save_arrays(self.users, folder / "users.npz")
        _save_arrays(self.at_ranker_start, folder / "at_ranker_start.npz")
        _save_arrays(self.at_training_end, folder / "at_training_end.npz")
        self.neighbours_at_ranker_start.save(folder / "neighbours_at_ranker_start.npz")
        self.neighbours_at_training_end.save(folder / "neighbours_at_training_end.npz")

    @classmethod
    def load(cls, folder: Path) -> "RetrievalPackage":
        """Read what `save` wrote."""
        return cls(
            towers=keras.saving.load_model(folder / "towers.keras", compile=False),
            catalogue=_load_arrays(Catalogue, folder / "catalogue.npz"),
            users=_load_arrays(UserStore, folder / "users.npz"),
            at_ranker_start=_load_arrays(ItemStatistics, folder / "at_ranker_start.npz"),
            at_training_end=_load_arrays(ItemStatistics, folder / "at_training_end.npz"),
            neighbours_at_ranker_start=Neighbours.load(folder / "neighbours_at_ranker_start.npz"),
            neighbours_at_training_end=Neighbours.load(folder / "neighbours_at_training_end.npz"),
            reducer=TextReducer.load(folder / "reducer.npz"),
        )

    def preferences(self, batch: int = 8192) -> np.ndarray:
        """Preference vectors of all rows of the catalogue, the unknown item last; float32 [V + 1, D]."""
        rows = np.arange(len(self.catalogue) + 1)
        parts = [self.towers.embed_items(rows[start : start + batch]) for start in range(0, len(rows), batch)]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


Arrays = TypeVar("Arrays", Catalogue, UserStore, ItemStatistics)


def _save_arrays(part: Arrays, path: Path) -> None:
    values = {name: np.asarray(value) for name, value in asdict(part).items()}
    # NumPy could keep strings of Python only as pickles.
    stored = {name: value.astype(np.str_) if value.dtype == object else value for name, value in values.items()}
    np.savez(path, **stored)


def _load_arrays(kind: type[Arrays], path: Path) -> Arrays:
    with np.load(path) as arrays:
        return kind(**{field.name: _as_declared(arrays[field.name], field.type) for field in fields(kind)})


def _as_declared(value: np.ndarray, declared: Any) -> Any:
    if declared is not np.ndarray:
        return declared(value.tolist())
    return value.astype(object) if value.dtype.kind == "U" else value
