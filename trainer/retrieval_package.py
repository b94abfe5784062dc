"""What the two-tower training hands on: the model, and the stores that candidates and servable are built from."""

from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from trainer.catalogue import Catalogue
from trainer.damaged_files import read_whole
from trainer.item_statistics import ItemStatistics
from trainer.item_texts import FUSION_FILE
from trainer.item_to_item.neighbours import Neighbours
from trainer.lexical.terms import KINDS, TermKind
from trainer.retrieval import TwoTowerModel
from trainer.search_fusion import SearchFusion
from trainer.search_index import WORDS
from trainer.string_arrays import pack_strings, unpack_strings
from trainer.text_reducer import TextReducer
from trainer.user_store import UserStore

Arrays = TypeVar("Arrays", Catalogue, UserStore, ItemStatistics)


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
        fusion: How words and meaning become one search score.
    """

    towers: TwoTowerModel
    catalogue: Catalogue
    users: UserStore
    at_ranker_start: ItemStatistics
    at_training_end: ItemStatistics
    neighbours_at_ranker_start: Neighbours
    neighbours_at_training_end: Neighbours
    reducer: TextReducer
    fusion: SearchFusion

    @property
    def term_kinds(self) -> tuple[TermKind, ...]:
        """What lexical indexes the fusion needs, that of the words first: explanations need it as well."""
        return (WORDS, *(kind for kind in KINDS if kind != WORDS and any(self.fusion.weights.get(kind, ()))))

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
        self.fusion.save(folder / FUSION_FILE)
        _save_arrays(self.catalogue, folder / "catalogue.npz")
        _save_arrays(self.users, folder / "users.npz")
        _save_arrays(self.at_ranker_start, folder / "at_ranker_start.npz")
        _save_arrays(self.at_training_end, folder / "at_training_end.npz")
        self.neighbours_at_ranker_start.save(folder / "neighbours_at_ranker_start.npz")
        self.neighbours_at_training_end.save(folder / "neighbours_at_training_end.npz")

    @classmethod
    def load(cls, folder: Path) -> "RetrievalPackage":
        """Read what `save` wrote.

        Raises:
            DamagedFileError: A file is missing or cannot be read.
        """

        def arrays(kind: type[Arrays], name: str) -> Arrays:
            return read_whole(folder / name, lambda path: _load_arrays(kind, path))

        return cls(
            towers=read_whole(folder / "towers.keras", lambda path: keras.saving.load_model(path, compile=False)),
            catalogue=arrays(Catalogue, "catalogue.npz"),
            users=arrays(UserStore, "users.npz"),
            at_ranker_start=arrays(ItemStatistics, "at_ranker_start.npz"),
            at_training_end=arrays(ItemStatistics, "at_training_end.npz"),
            neighbours_at_ranker_start=read_whole(folder / "neighbours_at_ranker_start.npz", Neighbours.load),
            neighbours_at_training_end=read_whole(folder / "neighbours_at_training_end.npz", Neighbours.load),
            reducer=read_whole(folder / "reducer.npz", TextReducer.load),
            fusion=read_whole(folder / FUSION_FILE, SearchFusion.load),
        )

    def preferences(self, batch: int = 8192) -> np.ndarray:
        """Preference vectors of all rows of the catalogue, the unknown item last; float32 [V + 1, D]."""
        rows = np.arange(len(self.catalogue) + 1)
        parts = [self.towers.embed_items(rows[start : start + batch]) for start in range(0, len(rows), batch)]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _save_arrays(part: Arrays, path: Path) -> None:
    stored: dict[str, np.ndarray] = {}
    for name, value in asdict(part).items():
        array = np.asarray(value)
        stored |= pack_strings(name, array) if array.dtype == object else {name: array}
    np.savez(path, **stored)


def _load_arrays(kind: type[Arrays], path: Path) -> Arrays:
    with np.load(path) as file:
        arrays = dict(file)
    # A package of before a column existed has the column's default.
    kept = {name.partition(".")[0] for name in arrays}
    present = [field for field in fields(kind) if field.name in kept or field.default_factory is MISSING]
    return kind(**{field.name: _as_declared(field.name, arrays, field.type) for field in present})


def _as_declared(name: str, arrays: dict[str, np.ndarray], declared: Any) -> Any:
    if declared is not np.ndarray:
        return declared(arrays[name].tolist())
    return arrays[name] if name in arrays else unpack_strings(name, arrays)
