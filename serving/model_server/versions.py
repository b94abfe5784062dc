"""The versions of one model: loaded, put into service, and let go after their last request."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic

import grpc

from serving.model_server.errors import RequestError, not_found, one_line
from serving.model_server.load_failures import LoadFailures
from serving.model_server.model_config import ModelConfig
from serving.model_server.served_model import Model, ServedModel
from serving.model_server.version_directory import find_incomplete, find_versions, fingerprint
from serving.model_server.version_status import State, Status

_LOG = logging.getLogger(__name__)


class Versions(Generic[Model]):
    """The versions of one model, as its configuration wants them.

    `refresh` and `close_idle` are called from one thread at a time; everything else from any.

    Args:
        name: Name of the model.
        load: Turns a version directory into a model that is ready to serve; may raise anything.
        failures: Says when a version that failed is tried again.
        on_change: Called after the set of available versions changed.
        on_idle: Called when a version that is out of service has served its last request.

    Attributes:
        name: Name of the model.
        config: What to serve; None once the model is removed.
        refreshed_with: The configuration of the last `refresh` that ended; None before the first.
        changing: Held while `config` is set together with what depends on it: meanwhile no version is retired.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[Path], Model],
        failures: LoadFailures,
        on_change: Callable[[], None] = lambda: None,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        """Start with nothing to serve: set `config`, then call `refresh`."""
        self.name = name
        self.config: ModelConfig | None = None
        self.refreshed_with: ModelConfig | None = None
        self._load = load
        self._failures = failures
        self._on_change = on_change
        self._on_idle = on_idle
        self._lock = threading.Lock()
        self.changing = threading.RLock()
        self._served: dict[int, ServedModel[Model]] = {}
        self._retired: list[ServedModel[Model]] = []
        self._statuses: dict[int, Status] = {}
        self._told_incomplete: set[Path] = set()

    @property
    def available(self) -> frozenset[int]:
        """The versions that answer requests."""
        with self._lock:
            return frozenset(self._served)

    def in_service(self) -> list[Model]:
        """Return the loaded models that answer requests."""
        with self._lock:
            return [served.model for served in self._served.values()]

    @property
    def statuses(self) -> dict[int, Status]:
        """Version -> status of every version seen so far."""
        with self._lock:
            return dict(self._statuses)

    def find(self, version: int | None = None) -> ServedModel[Model]:
        """Return a version in service, held; without a number the highest one.

        Raises:
            RequestError: NOT_FOUND if it is not in service, UNAVAILABLE as long as the first version is being loaded.
        """
        with self._lock:
            number = max(self._served, default=None) if version is None else version
            served = None if number is None else self._served.get(number)
            if served is not None:
                return served.hold()
            is_starting = self.config is not None and all(
                one.state < State.AVAILABLE for one in self._statuses.values()
            )
        missing = servable_not_found(self.name, version)
        if is_starting:
            raise RequestError(grpc.StatusCode.UNAVAILABLE, f"{missing}; none of its versions has been loaded yet")
        raise missing

    def refresh(self) -> None:
        """Load what the configuration wants and is not in service, then retire what it does not want.

        The highest version comes first. One that cannot be loaded is skipped with a reason. Versions stay in service
        as long as none of those wanted is.
        """
        config = self.config
        if config is None:
            return
        found = find_versions(config.base_path)
        self._tell_incomplete(config.base_path)
        kept: set[int] = set()
        for version in config.policy.candidates(found):
            if len(kept) == config.policy.count:
                break
            if self.config is not config:
                return
            if self._is_served(version, found[version]) or self._bring_into_service(version, found[version]):
                kept.add(version)
        with self.changing:
            # Loading took its time: another configuration may want just what this one does not.
            if self.config is not config:
                return
            if kept:
                self._retire(lambda served: served.version not in kept)
            self.refreshed_with = config

    def remove(self) -> None:
        """Take all versions out of service and load no more until there is a new `config`."""
        self.config = None
        self._retire(lambda served: True)

    def close_idle(self) -> bool:
        """Close the versions that are out of service and have no request left; return whether there was one."""
        with self._lock:
            idle = [served for served in self._retired if served.is_idle]
            self._retired = [served for served in self._retired if served not in idle]
        for served in idle:
            served.model.close()
            with self._lock:
                if served.version not in self._served:
                    self._statuses[served.version] = Status(State.END)
            _LOG.info("version %d of %s is unloaded", served.version, self.name)
        return bool(idle)

    def _is_served(self, version: int, directory: Path) -> bool:
        with self._lock:
            return version in self._served and self._served[version].directory == directory

    def _bring_into_service(self, version: int, directory: Path) -> bool:
        before = fingerprint(directory)
        if not self._failures.may_try(directory, before):
            return False
        self._set_status(version, Status(State.LOADING))
        try:
            model = self._load(directory)
            if fingerprint(directory) != before:
                model.close()
                raise ValueError("its files changed while it was loaded")
        # Whatever a broken SavedModel makes TensorFlow raise, the versions in service go on.
        except Exception as error:
            reason = one_line(str(error)) or type(error).__name__
            _LOG.error("version %d of %s in %s cannot be loaded: %s", version, self.name, directory, reason)
            self._failures.note(directory, before)
            self._set_status(version, Status(State.END, reason))
            return False
        self._failures.forget(directory)
        self._put_into_service(ServedModel(self.name, version, directory, model, self._on_idle))
        return True

    def _put_into_service(self, served: ServedModel[Model]) -> None:
        with self._lock:
            is_wanted = self.config is not None
            # The model may have been removed while this version was loaded.
            old = self._served.get(served.version) if is_wanted else served
            if is_wanted:
                self._served[served.version] = served
                self._statuses[served.version] = Status(State.AVAILABLE)
            if old is not None:
                old.retire()
                self._retired.append(old)
        if is_wanted:
            _LOG.info("version %d of %s is in service", served.version, self.name)
            self._on_change()

    def _retire(self, is_unwanted: Callable[[ServedModel[Model]], bool]) -> None:
        with self._lock:
            unwanted = [served for served in self._served.values() if is_unwanted(served)]
            for served in unwanted:
                del self._served[served.version]
                self._statuses[served.version] = Status(State.UNLOADING)
                served.retire()
            self._retired += unwanted
        if unwanted:
            self._on_change()

    def _tell_incomplete(self, base_path: Path) -> None:
        incomplete = set(find_incomplete(base_path).values())
        for directory in sorted(incomplete - self._told_incomplete):
            _LOG.warning("%s of %s is skipped: it has no saved_model.pb yet", directory, self.name)
        self._told_incomplete = incomplete

    def _set_status(self, version: int, status: Status) -> None:
        with self._lock:
            # A version that is loaded anew from another directory goes on answering from the old one.
            if version not in self._served:
                self._statuses[version] = status


def servable_not_found(name: str, version: int | None = None) -> RequestError:
    """Return TensorFlow Serving's error for a version that is not in service."""
    request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return not_found(f"Servable not found for request: {request}")
