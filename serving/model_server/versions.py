"""Which version of the model is in service: the highest that loads, swapped without a gap."""

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Generic, TypeVar

import grpc

from serving.model_server.errors import RequestError, not_found, one_line
from serving.model_server.version_directory import find_versions, fingerprint

Model = TypeVar("Model")
_LOG = logging.getLogger(__name__)


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


class Versions(Generic[Model]):
    """The versions of one model below one directory.

    A model that is replaced is let go of, not closed: it ends when the last request that uses it does.

    Args:
        name: Name of the model.
        base_path: Directory with the numbered version directories.
        load: Turns a version directory into a model that is ready to serve; may raise anything.
    """

    def __init__(self, name: str, base_path: Path, load: Callable[[Path], Model]) -> None:
        """Take note of what to serve; nothing is loaded before `refresh`."""
        self.name = name
        self.base_path = base_path
        self._load = load
        self._lock = threading.Lock()
        self._in_service: tuple[int, Model] | None = None
        self._statuses: dict[int, Status] = {}
        self._failed: dict[int, frozenset[tuple[str, int, int]]] = {}

    def refresh(self) -> bool:
        """Bring the highest version that loads into service; return whether the version in service changed.

        A version that failed is tried again only when its files have changed. Call from one thread at a time.
        """
        found = find_versions(self.base_path)
        for version in sorted(found, reverse=True):
            if self._in_service is not None and self._in_service[0] == version:
                return False
            if self._failed.get(version) == fingerprint(found[version]):
                continue
            if self._bring_into_service(version, found[version]):
                return True
        return False

    def find(self, name: str, version: int | None = None) -> tuple[int, Model]:
        """Return the version in service and its model.

        Raises:
            RequestError: NOT_FOUND for another model or version, UNAVAILABLE when nothing is loaded yet.
        """
        self.check_name(name)
        in_service = self._in_service
        if in_service is None:
            message = f"model {self.name} has no version loaded yet from {self.base_path}"
            raise RequestError(grpc.StatusCode.UNAVAILABLE, message)
        if version is not None and version != in_service[0]:
            raise not_found(f"model {self.name} has no version {version} in service; version {in_service[0]} is")
        return in_service

    def statuses(self, name: str, version: int | None = None) -> dict[int, Status]:
        """Return version -> status of all versions seen so far, or of one.

        Raises:
            RequestError: NOT_FOUND for another model, a version never seen, or no version at all.
        """
        self.check_name(name)
        with self._lock:
            statuses = dict(self._statuses)
        if version is not None:
            statuses = {number: status for number, status in statuses.items() if number == version}
        if not statuses:
            wanted = "versions" if version is None else f"version {version}"
            raise not_found(f"model {self.name} has no {wanted} in {self.base_path}")
        return statuses

    def check_name(self, name: str) -> None:
        """Raise NOT_FOUND if this is not the model's name."""
        if name != self.name:
            raise not_found(f"no model {name!r} here; the model is {self.name!r}")

    def _bring_into_service(self, version: int, directory: Path) -> bool:
        before = fingerprint(directory)
        self._set_status(version, Status(State.LOADING))
        try:
            model = self._load(directory)
        # Whatever a broken SavedModel makes TensorFlow raise, the version in service goes on.
        except Exception as error:
            reason = one_line(str(error)) or type(error).__name__
            _LOG.error("version %d in %s cannot be loaded: %s", version, directory, reason)
            self._failed[version] = before
            self._set_status(version, Status(State.END, reason))
            return False
        self._replace(version, model)
        return True

    def _replace(self, version: int, model: Model) -> None:
        with self._lock:
            old = self._in_service
            self._in_service = (version, model)
            self._statuses[version] = Status(State.AVAILABLE)
            if old is not None:
                self._statuses[old[0]] = Status(State.END)
        _LOG.info("version %d is in service", version)
        self._failed.pop(version, None)
        # A TensorFlow graph holds reference cycles: without this the old version's memory stays for long.
        del old
        gc.collect()

    def _set_status(self, version: int, status: Status) -> None:
        with self._lock:
            self._statuses[version] = status
