"""The state of one version."""

from dataclasses import dataclass
from enum import IntEnum


class State(IntEnum):
    """States of a version, with the numbers of TensorFlow Serving's `ModelVersionStatus`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class Status:
    """State of one version, and the reason if it failed to load."""

    state: State
    error: str = ""
