"""Reading the files of a checkpoint; whatever is wrong with one is told in one line."""

from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file


class TextCheckpointError(ValueError):
    """The checkpoint cannot be used; the message is one line that names the file and the field or tensor."""


Document = TypeVar("Document", bound=BaseModel)


def read_json(path: Path, model: type[Document]) -> Document:
    """Read a JSON file into a Pydantic model.

    Raises:
        TextCheckpointError: The file is missing or does not fit the model.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TextCheckpointError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise TextCheckpointError(f"{path}: {field}: {first['msg']}") from error


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read a safetensors file.

    Raises:
        TextCheckpointError: The file is missing, or is no safetensors file, or has a type that NumPy lacks.
    """
    try:
        return load_file(path)
    except OSError as error:
        raise TextCheckpointError(f"{path}: {error.strerror or error}") from error
    except (SafetensorError, TypeError, KeyError) as error:
        raise TextCheckpointError(f"{path}: not a safetensors file NumPy can hold: {error}") from error
