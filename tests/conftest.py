"""What must hold before any test module is imported, and which tests share a process."""

import os
import sys
from pathlib import Path

import pytest

# TensorFlow reads both once, when it is imported; tensorflow-transform and TensorFlow Recommenders need Keras 2.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


END_TO_END = Path(__file__).parent / "end_to_end"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # The tests of a file share its fixtures, and those of the end-to-end folder one run of the whole pipeline.
        shared = END_TO_END if item.path.is_relative_to(END_TO_END) else item.path
        item.add_marker(pytest.mark.xdist_group(str(shared)))
    if sys.version_info >= (3, 11):
        return
    skip = pytest.mark.skip(reason="needs the second stack: Python 3.11-3.13, see CONTRIBUTING.md")
    for item in items:
        if item.get_closest_marker("modern_stack"):
            item.add_marker(skip)
