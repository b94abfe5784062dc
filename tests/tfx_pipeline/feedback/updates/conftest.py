import shutil
from pathlib import Path

import pytest

from tests.tfx_pipeline.feedback.updates.small_run import VERSION, configure, save_model


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SavedModel of `small_run`; do not change it."""
    folder = tmp_path_factory.mktemp("small_run") / str(VERSION)
    save_model(folder)
    return folder


@pytest.fixture
def run_dir(saved_model: Path, tmp_path: Path) -> Path:
    """A run that pushed version 7 of `small_run`."""
    run_dir = tmp_path / "run"
    version = run_dir / "serving" / "shoprank" / str(VERSION)
    shutil.copytree(saved_model, version)
    configure(run_dir, version)
    return run_dir
