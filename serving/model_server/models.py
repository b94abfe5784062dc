"""All models of the server: found for requests, and changed at run time."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic

import grpc

from serving.model_server.errors import RequestError, invalid_argument, not_found
from serving.model_server.load_failures import LoadFailures
from serving.model_server.model_config import ModelConfig, check_base_path, read_models
from serving.model_server.options import ServerOptions
from serving.model_server.served_model import Model, ServedModel
from serving.model_server.version_labels import Labels, assign_labels
from serving.model_server.version_loader import VersionLoader
from serving.model_server.version_status import Status
from serving.model_server.versions import Versions, servable_not_found

_LOG = logging.getLogger(__name__)


class Models(Generic[Model]):
    """The models that a `ModelServerConfig` lists. All methods may be called from any thread.

    Args:
        config: A `ModelServerConfig`.
        load: Turns a version directory into a model that is ready to serve; may raise anything.
        options: Times, retries, and what labels may name.
        on_config: Called with every `ModelServerConfig` that is followed, the first one included.

    Raises:
        RequestError: INVALID_ARGUMENT for a config that cannot be followed, FAILED_PRECONDITION for a label: no
            version is available yet.
    """

    def __init__(
        self,
        config: Any,
        load: Callable[[Path], Model],
        options: ServerOptions,
        on_config: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """Take note of what to serve; nothing is loaded before `start`."""
        self._load = load
        self._options = options
        self._on_config = on_config
        self._listeners: list[Callable[[str, frozenset[int]], None]] = []
        self._announcing = threading.Lock()
        self._reloading = threading.Lock()
        self._versions: dict[str, Versions[Model]] = {}
        self._labels: Labels = {}
        self._loader = VersionLoader(self._all, options.file_system_poll_wait_seconds)
        self._follow(config, read_models(config))

    def start(self) -> None:
        """Begin to look for versions and to load them."""
        self._loader.start()

    def stop(self) -> None:
        """Look for no more versions, and close the models that no request uses."""
        self._loader.stop()

    def on_change(self, callback: Callable[[str, frozenset[int]], None]) -> None:
        """Have a function called with a model's name and its available versions, now and whenever they change."""
        with self._announcing:
            self._listeners.append(callback)
        for versions in self._all():
            self._announce(versions.name)

    @property
    def available(self) -> dict[str, frozenset[int]]:
        """Name of every configured model -> its versions that answer requests."""
        return {versions.name: versions.available for versions in self._all() if versions.config is not None}

    def in_service(self) -> list[Model]:
        """Return the loaded models that answer requests."""
        return [model for versions in self._all() for model in versions.in_service()]

    def find(self, model_spec: Any) -> ServedModel[Model]:
        """Return the version that a `ModelSpec` asks for; use it in a `with` block, until whose end it stays loaded.

        Raises:
            RequestError: INVALID_ARGUMENT without a name or for an unknown label, NOT_FOUND for a version that is not
                in service, UNAVAILABLE as long as the model's first version is being loaded.
        """
        version = self._version_of(model_spec)
        versions = self._versions.get(model_spec.name)
        if versions is None:
            raise servable_not_found(model_spec.name, version)
        return versions.find(version)

    def statuses(self, model_spec: Any) -> dict[int, Status]:
        """Return version -> status of all versions seen so far, or of the one that a `ModelSpec` asks for.

        Raises:
            RequestError: INVALID_ARGUMENT without a name or for an unknown label, NOT_FOUND if nothing was seen.
        """
        version = self._version_of(model_spec)
        versions = self._versions.get(model_spec.name)
        statuses = {} if versions is None else versions.statuses
        if version is not None:
            statuses = {number: status for number, status in statuses.items() if number == version}
        if not statuses:
            wanted = "any versions" if version is None else f"version {version}"
            raise not_found(f"Could not find {wanted} of model {model_spec.name}")
        return statuses

    def reload(self, config: Any, deadline: float | None = None) -> None:
        """Follow another `ModelServerConfig` from now on, and wait until its new models have been loaded.

        A model that is no longer listed is unloaded at once. Changes of a listed one are made in the background.

        Args:
            config: The message.
            deadline: Value of `time.monotonic()` after which nobody waits any more; None means never.

        Raises:
            RequestError: INVALID_ARGUMENT or FAILED_PRECONDITION for a config that cannot be followed, or a label of
                an unavailable version: nothing has changed. UNKNOWN if the config is followed and a new model has no
                version that can be loaded, DEADLINE_EXCEEDED if it is followed and the loading is not done.
        """
        models = read_models(config)
        with self._reloading:
            present = {name: versions.config for name, versions in self._versions.items()}
            for model in models.values():
                before = present.get(model.name)
                if before is None or before.base_path != model.base_path:
                    check_base_path(model)
            self._follow(config, models)
        self._loader.look_now()
        self._wait_for([model for model in models.values() if present.get(model.name) is None], deadline)

    def refresh(self) -> None:
        """Look for versions of every model once; the thread that `start` begins does so again and again."""
        self._loader.refresh()

    def _follow(self, config: Any, models: dict[str, ModelConfig]) -> None:
        with ExitStack() as held:
            for versions in self._all():
                held.enter_context(versions.changing)
            self._change(models)
        for versions in self._all():
            self._announce(versions.name)
        self._on_config(config)

    def _change(self, models: dict[str, ModelConfig]) -> None:
        allow = self._options.allow_version_labels_for_unavailable_models
        self._labels = assign_labels(models.values(), self._labels, self._is_available, allow)
        added = {name: self._new_versions(name) for name in models.keys() - self._versions.keys()}
        # A new dictionary: requests look into the present one.
        self._versions = {**self._versions, **added}
        for versions in self._all():
            if versions.name in models:
                versions.config = models[versions.name]
            else:
                versions.remove()

    def _new_versions(self, name: str) -> Versions[Model]:
        failures = LoadFailures(self._options.max_num_load_retries, self._options.load_retry_interval_micros / 1e6)
        return Versions(name, self._load, failures, lambda: self._announce(name), self._loader.close_now)

    def _is_available(self, name: str, version: int) -> bool:
        versions = self._versions.get(name)
        return versions is not None and version in versions.available

    def _version_of(self, model_spec: Any) -> int | None:
        if not model_spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        choice = model_spec.WhichOneof("version_choice")
        if choice == "version_label":
            version = self._labels.get((model_spec.name, model_spec.version_label))
            if version is None:
                raise invalid_argument(f"Unrecognized servable version label: {model_spec.version_label}")
            return version
        return int(model_spec.version.value) if choice == "version" else None

    def _wait_for(self, added: list[ModelConfig], deadline: float | None) -> None:
        if not self._loader.wait_until(lambda: all(map(self._is_refreshed, added)), deadline):
            message = "Deadline exceeded while new models were loaded"
            raise RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, message)
        failed = [model for model in added if not self._versions[model.name].available]
        if failed:
            reasons = "".join(f"{{{self._reason(model)}}}, " for model in failed)
            message = f"{len(failed)} model(s) did not become available: {{{reasons}}}"
            raise RequestError(grpc.StatusCode.UNKNOWN, message)

    def _is_refreshed(self, model: ModelConfig) -> bool:
        versions = self._versions[model.name]
        # Another reload may have replaced the config that we wait for.
        return versions.refreshed_with is model or versions.config is not model

    def _reason(self, model: ModelConfig) -> str:
        errors = {version: one.error for version, one in self._versions[model.name].statuses.items() if one.error}
        if not errors:
            return (
                f"{{name: {model.name}}} has no numbered version directory with a saved_model.pb in {model.base_path}"
            )
        version = max(errors)
        return f"{{name: {model.name} version: {version}}} due to error: {errors[version]}"

    def _announce(self, name: str) -> None:
        # One at a time, so that no listener is left with an older state than the last.
        with self._announcing:
            available = self._versions[name].available
            for listener in self._listeners:
                try:
                    listener(name, available)
                # A listener that fails must not stop the loading.
                except Exception:
                    _LOG.exception("a change of model %s could not be announced", name)

    def _all(self) -> list[Versions[Model]]:
        return list(self._versions.values())
