"""What models know, read from their files without loading them: their items, and the users of the towers."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.shop_tables import run_output
from tfx_pipeline.titles import read_titles
from trainer.model_files import TITLES_FILE
from trainer.string_arrays import unpack_strings

_VOCABULARY = Path("assets") / "item_id"
_CATALOGUE_FILE, _USERS_FILE = "catalogue.npz", "users.npz"
_USER_VOCABULARY = Path("transform_fn") / "assets" / "user_id"


def items_of_model(source: ModelSource) -> pa.Array:
    """Ids of the items of a SavedModel or of towers, in the order of their rows; empty for other kinds."""
    place = Path(source.place)
    # It has the items of a refresh as well, which the vocabulary of the training lacks.
    if source.kind == "saved model" and (place / TITLES_FILE).is_file():
        return pa.array(list(read_titles(place)), pa.string())
    if source.kind == "saved model" and (place / _VOCABULARY).is_file():
        return pa.array(_lines(place / _VOCABULARY), pa.string())
    if source.kind == "Keras towers":
        with np.load(place / _CATALOGUE_FILE) as arrays:
            return pa.array(unpack_strings("item_ids", dict(arrays)).tolist(), pa.string())
    return pa.array([], pa.string())


def users_of_towers(folder: Path) -> list[str] | None:
    """Ids of the users that towers know, by row; None where the run that trained them is not around.

    A retrieval package knows users by their rows only. Their ids are the vocabulary of the run.
    """
    run_dirs = [parent.parent for parent in folder.resolve().parents if (parent / "metadata.db").is_file()]
    if not run_dirs:
        return None
    try:
        trained = run_output(run_dirs[0], "TowerTrainer", "model").resolve()
        graph = run_output(run_dirs[0], "Transform", "transform_graph")
    except PipelineError:
        return None
    if trained not in folder.resolve().parents or not (graph / _USER_VOCABULARY).is_file():
        return None
    users = _lines(graph / _USER_VOCABULARY)
    with np.load(folder / _USERS_FILE) as arrays:
        return users if len(arrays["items"]) == len(users) + 1 else None


def _lines(path: Path) -> list[str]:
    # Not splitlines: an id may hold what Python takes for the end of a line and the vocabulary does not.
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
