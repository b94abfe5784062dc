"""What the words of `--model` stand for, before anything is loaded."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfx_pipeline.evaluate.shop_tables import is_run_directory, run_output
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.sources.errors import DataError

Kind = Literal["saved model", "model server", "Keras towers", "predictions file", "baseline"]

SAVED_MODEL_FILE, TOWERS_FILE = "saved_model.pb", "towers.keras"
_SERVER = re.compile(r"^[\w.\-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$")
_TFX_MODEL = "Format-Serving"
"""Folder of the model inside an output of a TFX trainer."""
_SAYS_NOTHING = (_TFX_MODEL, "model")


@dataclass(frozen=True)
class ModelSource:
    """One model that is to be evaluated.

    Attributes:
        word: What was asked for.
        kind: What it is.
        place: Folder or file of the model, `host:port` of the server, or name of the baseline.
        name: Short name in the tables, distinct from the others.
    """

    word: str
    kind: Kind
    place: str
    name: str


def find_models(words: Sequence[str], baselines: Collection[str]) -> list[ModelSource]:
    """Tell what each word is: a path wins over a baseline's name, and that over `host:port`.

    Args:
        words: A run directory, a SavedModel, a retrieval package, a predictions file, `host:port` or a baseline each.
        baselines: Names of the baselines that there are.

    Raises:
        DataError: A word is none of these, or is given twice.
        PipelineError: A run directory has no model.
    """
    repeated = [word for word, count in Counter(words).items() if count > 1]
    if repeated:
        raise DataError(f"--model {repeated[0]} is given twice")
    places = [_place(word, baselines) for word in words]
    names = _short_names([_name_parts(word, *place) for word, place in zip(words, places, strict=True)])
    # All baselines may stand beside the models, so that another model of the same name would be taken for one.
    names = [
        f"{name} ({kind})" if kind != "baseline" and name in baselines else name
        for name, (kind, _) in zip(names, places, strict=True)
    ]
    return [ModelSource(word, *place, name) for word, place, name in zip(words, places, names, strict=True)]


def _place(word: str, baselines: Collection[str]) -> tuple[Kind, str]:
    path = Path(word)
    if path.is_dir():
        return _in_folder(path)
    if path.is_file():
        return "predictions file", word
    for name in baselines:
        if name.casefold() == word.casefold():
            return "baseline", name
    if _SERVER.match(word) and 0 < int(word.rpartition(":")[2]) <= 65535:
        return "model server", word
    raise DataError(
        f"--model {word}: no folder, file or host:port, and no baseline; the baselines are {', '.join(baselines)}"
    )


def _in_folder(path: Path) -> tuple[Kind, str]:
    for folder in (path, path / _TFX_MODEL):
        if (folder / SAVED_MODEL_FILE).is_file():
            return "saved model", str(folder)
        if (folder / TOWERS_FILE).is_file():
            return "Keras towers", str(folder)
    if is_run_directory(path):
        return "saved model", str(_model_of_run(path))
    raise DataError(
        f"--model {path}: neither a run directory nor a model: it has no config.yaml with tfx/metadata.db, "
        f"no {SAVED_MODEL_FILE} and no {TOWERS_FILE}"
    )


def _model_of_run(run_dir: Path) -> Path:
    """The version that was pushed last; where none was, what the last run exported."""
    pushed = serving_dir(run_dir)
    numbers = [int(path.name) for path in pushed.iterdir() if path.name.isdecimal()] if pushed.is_dir() else []
    if numbers:
        return pushed / str(max(numbers))
    return run_output(run_dir, "RankerTrainer", "model") / _TFX_MODEL


def _name_parts(word: str, kind: Kind, place: str) -> tuple[str, ...]:
    """Parts of the path that make a name, the last first; one part where there is no path."""
    if kind in ("baseline", "model server"):
        return (place,)
    parts = [part for part in Path(word).resolve().parts[1:] if part not in _SAYS_NOTHING]
    if kind == "predictions file":
        parts[-1] = parts[-1].split(".")[0] or parts[-1]
    if parts[-1].isdecimal() and len(parts) > 1:
        # A number of a version or of an execution alone names nothing.
        parts[-2:] = ["/".join(parts[-2:])]
    return tuple(reversed(parts))


def _short_names(parts: Sequence[tuple[str, ...]]) -> list[str]:
    """As few of the last parts of each path as tell the models apart."""
    depths = [1] * len(parts)
    while True:
        names = ["/".join(reversed(each[:depth])) for each, depth in zip(parts, depths, strict=True)]
        counts = Counter(names)
        longer = [index for index, name in enumerate(names) if counts[name] > 1 and depths[index] < len(parts[index])]
        if not longer:
            return [name if counts[name] == 1 else f"{name} ({index + 1})" for index, name in enumerate(names)]
        for index in longer:
            depths[index] += 1
