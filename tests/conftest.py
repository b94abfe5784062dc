"""What must hold before any test module is imported, and which tests share a process."""

import os
import sys
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# TensorFlow reads both once, when it is imported; tensorflow-transform and TensorFlow Recommenders need Keras 2.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TOGETHER = ("tests/end_to_end", "tests/trainer/signatures")
"""Folders whose tests share what takes long to make: a run of the whole pipeline, traced signatures."""


class ByFixtures(LoadScopeScheduling):
    """Hands out whole files, and some folders as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFixtures:
    return ByFixtures(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.version_info >= (3, 11):
        return
    skip = pytest.mark.skip(reason="needs the second stack: Python 3.11-3.13, see CONTRIBUTING.md")
    for item in items:
        if item.get_closest_marker("modern_stack"):
            item.add_marker(skip)
