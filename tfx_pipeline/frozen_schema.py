"""The schema that was frozen in a run directory: two files of text that people may edit."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.write_aside import write_aside
from trainer.features import Feature

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

USERS_FILE, ITEMS_FILE = "users.pbtxt", "items.pbtxt"


@dataclass(frozen=True)
class FrozenSchema:
    """What a run needs to know of a frozen schema.

    Attributes:
        folder: Where it is; '' if none was frozen.
        digest: Hash of its files; '' if none was frozen.
    """

    folder: str = ""
    digest: str = ""


def frozen_schema(run_dir: Path) -> FrozenSchema:
    """The schema that was frozen in a run directory."""
    files = [path for path in _files(run_dir) if path.exists()]
    if not files:
        return FrozenSchema()
    digest = hashlib.blake2b(digest_size=8)
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return FrozenSchema(str(_folder(run_dir)), digest.hexdigest())


def freeze(users: "schema_pb2.Schema", items: "schema_pb2.Schema", run_dir: Path) -> list[Path]:
    """Write the schemas of the user examples and the catalogue.

    Returns:
        The files: users.pbtxt and items.pbtxt in `<run_dir>/schema`.
    """
    from google.protobuf import text_format

    files = _files(run_dir)
    for path, schema in zip(files, (users, items), strict=True):
        with write_aside(path) as aside:
            aside.write_text(text_format.MessageToString(schema), encoding="utf-8")
    return files


def read_frozen(path: Path, contract: tuple[Feature, ...]) -> "schema_pb2.Schema":
    """Read one of the files.

    Args:
        path: The file.
        contract: Features that it must have.

    Raises:
        DataError: The file is missing, is no schema, or lacks a feature of the contract.
    """
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    try:
        schema = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    except OSError as error:
        raise DataError(f"{path}: the frozen schema cannot be read: {error.strerror}") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a schema: {' '.join(str(error).split())}") from error
    present = {feature.name for feature in schema.feature}
    missing = [feature.name for feature in contract if feature.name not in present]
    if missing:
        raise DataError(
            f"{path}: the frozen schema lacks {', '.join(missing)}, which the data contract has; "
            f"add it, or delete {path.parent}, run, and freeze anew with `shoprank schema --accept`"
        )
    return schema


def _folder(run_dir: Path) -> Path:
    return run_dir / "schema"


def _files(run_dir: Path) -> list[Path]:
    return [_folder(run_dir) / USERS_FILE, _folder(run_dir) / ITEMS_FILE]
