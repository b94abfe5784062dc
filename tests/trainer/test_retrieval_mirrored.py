"""Training of the towers under `MirroredStrategy`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_devices_train_the_towers_as_one_does() -> None:
    command = [sys.executable, "-m", "tests.trainer.mirrored_towers"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert finished.returncode == 0, finished.stderr[-3000:]
    differences = json.loads(finished.stdout.splitlines()[-1])
    assert differences["weights"] < 1e-5
    assert differences["metrics"] < 1e-5
    assert differences["moved"] > 0.1
