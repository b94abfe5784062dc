"""One version in service, kept alive until the last request that uses it is done."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, TypeVar


class Closeable(Protocol):
    """What is known of a loaded model here."""

    def close(self) -> None:
        """Give its memory back; nobody uses it any more."""


Model = TypeVar("Model", bound=Closeable)


class ServedModel(Generic[Model]):
    """A loaded version and the number of requests that use it.

    Every `hold` is followed by one `release`; leaving a `with` block releases.

    Attributes:
        name: Name of the model.
        version: Its number.
        directory: Where it was loaded from.
        model: The loaded model.

    Args:
        name: Name of the model.
        version: Its number.
        directory: Where it was loaded from.
        model: The loaded model.
        on_idle: Called when the last request is done and the version has been retired.
    """

    def __init__(
        self, name: str, version: int, directory: Path, model: Model, on_idle: Callable[[], None] = lambda: None
    ) -> None:
        """Begin with no request."""
        self.name = name
        self.version = version
        self.directory = directory
        self.model = model
        self._on_idle = on_idle
        self._lock = threading.Lock()
        self._holders = 0
        self._retired = False

    def __enter__(self) -> "ServedModel[Model]":
        """Return the version, which is held already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the version."""
        self.release()

    def hold(self) -> "ServedModel[Model]":
        """Keep the version loaded until `release`."""
        with self._lock:
            self._holders += 1
        return self

    def release(self) -> None:
        """Undo one `hold`."""
        with self._lock:
            self._holders -= 1
            is_last = self._retired and self._holders == 0
        if is_last:
            self._on_idle()

    def retire(self) -> None:
        """Take note that no further request gets this version."""
        with self._lock:
            self._retired = True

    @property
    def is_idle(self) -> bool:
        """Whether no request uses the version."""
        return self._holders == 0
