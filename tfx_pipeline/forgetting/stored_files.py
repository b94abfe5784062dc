"""The files of a run that may name a user, and what takes the user out of each."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tfx_pipeline.forgetting import (
    csv_files,
    example_files,
    json_files,
    logs,
    parquet_tables,
    strangers,
    summaries,
    validation_files,
    vocabularies,
)
from tfx_pipeline.forgetting.erasure import Erasure
from tfx_pipeline.forgetting.lineage import Lineage, Numbering
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.run_directory import METRICS_FILE
from trainer.features import USER_ID

PIPELINE_ROOT, SERVING = "tfx", "serving"
_TRAINED = ("model", "model_run")
"""Outputs of the Trainer, which are never rewritten."""
_SPLIT = "Split-"

Erase = Callable[[Path, User], int]
_BY_NAME: dict[str, tuple[str, Erase]] = {
    METRICS_FILE: ("files", summaries.erase),
    validation_files.STATISTICS_FILE: ("values", validation_files.erase_in_statistics),
    validation_files.ANOMALIES_FILE: ("texts", validation_files.erase_in_anomalies),
}
_BY_ENDING: dict[str, tuple[str, Erase]] = {
    ".parquet": ("rows", parquet_tables.erase),
    ".csv": ("rows", csv_files.erase),
    ".csv.gz": ("rows", csv_files.erase),
    ".json": ("files", json_files.erase_in_document),
    ".log": ("lines", logs.erase),
}


def erase_everywhere(run_dir: Path, user: User, lineage: Lineage, erasure: Erasure) -> None:
    """Take a user out of all files of a run but those of trained models; running again after an interruption completes.

    Args:
        run_dir: The run directory.
        user: Who is forgotten.
        lineage: How the users in examples were numbered.
        erasure: Takes down what became of each file; files that it has seen are left.

    Raises:
        OSError: A file cannot be read or written.
    """
    # Numbered examples come first: those of strangers are found through the raw ones.
    for path in sorted(stored_files(run_dir), key=lambda path: (_numbering(path, lineage) is None, path)):
        what, erase = _eraser(path, lineage) or ("", None)
        if erase is not None:
            erasure.apply(path, what, erase, user)


def stored_files(run_dir: Path) -> Iterator[Path]:
    """All files of a run but those of trained models."""
    for path in run_dir.rglob("*"):
        parts = path.relative_to(run_dir).parts
        is_trained = parts[0] == SERVING or (parts[0] == PIPELINE_ROOT and len(parts) > 2 and parts[2] in _TRAINED)
        if not is_trained and path.is_file() and not path.is_symlink():
            yield path


def _eraser(path: Path, lineage: Lineage) -> tuple[str, Erase] | None:
    if vocabularies.is_user_vocabulary(path):
        return "lines", vocabularies.bury
    if path.name in _BY_NAME:
        return _BY_NAME[path.name]
    for ending, eraser in _BY_ENDING.items():
        if path.name.endswith(ending):
            return eraser
    if any(part.startswith(_SPLIT) for part in path.parts):
        return "examples", lambda path, user: _erase_examples(path, user, _numbering(path, lineage))
    return None


def _numbering(path: Path, lineage: Lineage) -> Numbering | None:
    """How the users of an example file were numbered; None where it has their ids."""
    return next((lineage.examples[folder] for folder in path.parents if folder in lineage.examples), None)


def _erase_examples(path: Path, user: User, numbering: Numbering | None) -> int:
    if numbering is None:
        return example_files.erase(path, user)
    vocabulary = vocabularies.vocabulary_file(numbering.graph, USER_ID)
    if not vocabulary.exists():
        raise ValueError(f"{path}: its users are rows of {vocabulary}, which is gone")
    rows = vocabularies.rows_of(vocabulary, user)
    removed = example_files.erase(path, user, rows)
    return removed if rows else removed + strangers.erase(path, user, numbering)
