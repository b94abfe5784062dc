"""The thread that looks for versions goes on, whatever befalls one model."""

import threading

from serving.model_server.version_loader import VersionLoader


class Versions:
    def __init__(self, name, breaks=False):
        self.name = name
        self.looks = 0
        self.looked = threading.Event()
        self._breaks = breaks

    def refresh(self):
        self.looks += 1
        if self._breaks:
            raise RuntimeError("the disk is gone")
        if self.looks == 2:
            self.looked.set()

    def close_idle(self):
        return False

    def remove(self):
        self.name = "removed"


def test_a_model_that_fails_stops_neither_the_others_nor_the_next_look(caplog):
    broken, sound = Versions("broken", breaks=True), Versions("sound")
    loader = VersionLoader(lambda: [broken, sound], 0.01)
    loader.start()
    assert sound.looked.wait(20)
    loader.stop()
    assert broken.looks >= 2
    assert "the versions of broken could not be looked at" in caplog.text
    assert (broken.name, sound.name) == ("removed", "removed")


def test_without_a_pause_it_looks_only_when_told(caplog):
    versions = Versions("shop")
    loader = VersionLoader(lambda: [versions], 0)
    loader.start()
    assert loader.wait_until(lambda: versions.looks == 1, None)
    loader.look_now()
    assert versions.looked.wait(20)
    loader.stop()
    assert versions.looks == 2


def test_waiting_ends_at_its_deadline_and_with_the_thread():
    loader = VersionLoader(lambda: [], 1.0)
    assert not loader.wait_until(lambda: False, 0.0)
    loader.stop()
    assert loader.wait_until(lambda: False, None)
