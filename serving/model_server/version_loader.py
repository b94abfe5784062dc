"""The thread that looks for new versions, loads them, and closes those that are no longer used."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from serving.model_server.versions import Versions

_STOP_SECONDS = 2.0
_LOG = logging.getLogger(__name__)


class VersionLoader:
    """Refreshes the versions of all models, one after another; `start`, then `stop`.

    Args:
        versions: Returns the versions to look after.
        pause_seconds: Time between two looks at the file system; 0 looks only when told to.
    """

    def __init__(self, versions: Callable[[], Iterable[Versions[Any]]], pause_seconds: float) -> None:
        """Take note of what to look after; the first look is made after `start`."""
        self._versions = versions
        self._pause_seconds = pause_seconds
        self._refreshed = threading.Condition()
        self._wake = threading.Event()
        self._stopping = False
        self._must_look = True
        self._thread = threading.Thread(target=self._keep_looking, name="version loader", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and close the versions that no request uses."""
        self._stopping = True
        self._wake.set()
        with self._refreshed:
            self._refreshed.notify_all()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            # It is in the middle of a load, which nothing can interrupt.
            return
        for versions in self._versions():
            versions.remove()
            versions.close_idle()

    def look_now(self) -> None:
        """Look for versions without waiting for the next time."""
        self._must_look = True
        self._wake.set()

    def close_now(self) -> None:
        """Close the versions that are out of service and idle, without waiting for the next look."""
        self._wake.set()

    def wait_until(self, is_done: Callable[[], bool], deadline: float | None) -> bool:
        """Wait until something is so, which is asked whenever a model was refreshed, or until the end of the thread.

        Args:
            is_done: What is waited for.
            deadline: Value of `time.monotonic()` after which nobody waits any more; None means never.

        Returns:
            Whether it was so before the deadline.
        """
        with self._refreshed:
            seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
            return self._refreshed.wait_for(lambda: self._stopping or is_done(), seconds)

    def refresh(self) -> None:
        """Look for versions of every model once; called by the thread."""
        for versions in self._versions():
            if not self._stopping:
                self._refresh(versions)
            with self._refreshed:
                self._refreshed.notify_all()

    def _refresh(self, versions: Versions[Any]) -> None:
        try:
            versions.refresh()
            self._close_idle(versions)
        # Whatever befalls one model, the others go on, and the next look tries again.
        except Exception:
            _LOG.exception("the versions of %s could not be looked at", versions.name)

    def _close_idle(self, versions: Versions[Any]) -> None:
        if versions.close_idle():
            # A TensorFlow graph holds reference cycles: without this the version's memory stays for long.
            gc.collect()

    def _keep_looking(self) -> None:
        next_look = time.monotonic()
        while not self._stopping:
            if self._must_look or (self._pause_seconds and time.monotonic() >= next_look):
                self._must_look = False
                self.refresh()
                next_look = time.monotonic() + self._pause_seconds
            for versions in self._versions():
                self._close_idle(versions)
            self._wake.wait(max(0.0, next_look - time.monotonic()) if self._pause_seconds else None)
            # Cleared before what it announces is looked at: nothing that is set meanwhile is missed.
            self._wake.clear()
