"""Towers, losses and ranker on other backends of Keras, with the weights that TensorFlow has."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.backends.model_outputs import Arrays, model_outputs

ROOT = Path(__file__).parents[2]


def _python_with(backend: str) -> str:
    """A Python that has the backend: TensorFlow would import JAX in every test if it were installed beside it."""
    variable = f"SHOPRANK_{backend.upper()}_PYTHON"
    python = os.environ.get(variable, sys.executable)
    found = subprocess.run([python, "-c", f"import {backend}"], capture_output=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"{backend} is not installed; name a Python that has it in {variable}")
    return python


@pytest.fixture(scope="module")
def on_tensorflow() -> tuple[Arrays, Arrays]:
    return model_outputs()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_gives_what_tensorflow_gives(
    backend: str, on_tensorflow: tuple[Arrays, Arrays], tmp_path: Path
) -> None:
    python, (weights, expected) = _python_with(backend), on_tensorflow
    files = [tmp_path / "weights.npz", tmp_path / "outputs.npz"]
    np.savez(files[0], **weights)
    command = [python, "-m", "tests.backends.model_outputs", *map(str, files)]
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)
    assert finished.returncode == 0, finished.stderr[-3000:]
    with np.load(files[1]) as outputs:
        assert set(outputs) == set(expected)
        for name, values in expected.items():
            np.testing.assert_allclose(outputs[name], values, atol=1e-5, err_msg=f"{backend}, {name}")
