import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def comparisons() -> dict[str, dict[str, float]]:
    command = [sys.executable, "-m", "tests.trainer.optimizers.mirrored_training"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lazy_adam", "adagrad_clipped", "adagrad_scaled"])
def test_two_devices_train_as_one_does(comparisons: dict[str, dict[str, float]], name: str) -> None:
    assert comparisons[name]["moved"] > 0.01
    assert comparisons[name]["difference"] < 1e-5
