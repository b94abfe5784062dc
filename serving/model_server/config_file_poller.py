"""Follows a model config file that changes while the server runs."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from serving.model_server.errors import RequestError
from serving.model_server.model_config import read_config_file

_STOP_SECONDS = 5.0
_LOG = logging.getLogger(__name__)


class ConfigFilePoller:
    """Reads a `ModelServerConfig` file again and again, and passes it on when it says something else.

    A file that cannot be followed changes nothing, is reported once, and is tried again each time.

    Args:
        path: The file.
        config: What it said last.
        pause_seconds: Time between two readings.
        reload: Follows a `ModelServerConfig`; raises RequestError.
    """

    def __init__(self, path: Path, config: Any, pause_seconds: float, reload: Callable[[Any], None]) -> None:
        """Take note of the file; nothing is read before `start`."""
        self._path = path
        self._followed = config
        self._pause_seconds = pause_seconds
        self._reload = reload
        self._told = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_reading, name="config file poller", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def read(self) -> None:
        """Read the file once; called by the thread that `start` begins."""
        try:
            config = read_config_file(self._path)
            if config != self._followed:
                self._follow(config)
            self._told = ""
        except (ValueError, RequestError) as error:
            if str(error) != self._told:
                _LOG.error("%s is not followed: %s", self._path, error)
            self._told = str(error)

    def _follow(self, config: Any) -> None:
        try:
            self._reload(config)
        except RequestError as error:
            # A model that cannot be loaded is part of a configuration that is followed.
            if error.code != grpc.StatusCode.UNKNOWN:
                raise
            _LOG.error("%s: %s", self._path, error)
        self._followed = config
        _LOG.info("%s has changed and is followed", self._path)

    def _keep_reading(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            self.read()
