"""What must hold before any test module is imported."""

import os
import sys

import pytest

# TensorFlow reads both once, when it is imported; tensorflow-transform and TensorFlow Recommenders need Keras 2.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.version_info >= (3, 11):
        return
    skip = pytest.mark.skip(reason="needs the second stack: Python 3.11-3.13, see CONTRIBUTING.md")
    for item in items:
        if item.get_closest_marker("modern_stack"):
            item.add_marker(skip)
