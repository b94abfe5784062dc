"""Tables that two devices divide, in a process of its own: see `two_devices_process`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
PROCESS = [sys.executable, "-m", "tests.trainer.distribution.two_devices_process"]
TABLES = 3
WHOLE, PART = [11, 8], [6, 8]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("two_devices")
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    process = subprocess.run(
        [*PROCESS, str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_table_gives_the_rows_that_it_was_given(results: dict[str, Any]) -> None:
    assert [len(each["values"]) for each in results["lookups"]] == [1, 2, 7]
    for each in results["lookups"]:
        values = np.array(each["values"])
        np.testing.assert_array_equal(each["numpy"], values)
        np.testing.assert_array_equal(each["read"], values[[[len(values) - 1], [0]]])
        for asked, found in zip(each["asked"], each["found"], strict=True):
            np.testing.assert_array_equal(np.reshape(found, (-1, 3)), values[np.ravel(asked).astype(int)])


@pytest.mark.slow
def test_each_part_gets_the_gradient_of_both_devices(results: dict[str, Any]) -> None:
    for each in results["lookups"]:
        values = np.array(each["values"])
        expected = np.zeros_like(values)
        for asked in each["asked"]:
            np.add.at(expected, np.ravel(asked).astype(int), 2 * values[np.ravel(asked).astype(int)])
        for device, gradient in enumerate(each["gradients"]):
            own, gradient = expected[device::2], np.array(gradient)
            np.testing.assert_allclose(gradient[: len(own)], own, rtol=1e-6)
            assert not np.any(gradient[len(own) :])


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["lazy_adam", "adagrad", "clipped", "clipped_each"])
def test_divided_towers_learn_what_whole_ones_do(results: dict[str, Any], optimizer: str) -> None:
    alone, divided = results[optimizer]["alone"], results[optimizer]["divided"]
    assert (alone["divided"], divided["divided"]) == (0, TABLES)
    assert abs(alone["losses"][-1] - alone["losses"][0]) > 0.1
    assert divided["losses"] == pytest.approx(alone["losses"], abs=1e-5)
    for ours, theirs in zip(divided["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "slots"), [("lazy_adam", 2), ("adagrad", 1)])
def test_each_device_holds_its_share_of_tables_and_slots(results: dict[str, Any], optimizer: str, slots: int) -> None:
    alone, divided = (results[optimizer][way]["held"] for way in ("alone", "divided"))
    assert alone.count([WHOLE]) == TABLES * (1 + slots)
    assert divided.count([PART, PART]) == TABLES * (1 + slots)
    assert not any(WHOLE in parts for parts in divided)


@pytest.mark.slow
def test_what_is_saved_has_the_form_of_one_device(results: dict[str, Any]) -> None:
    alone, divided = (results["lazy_adam"][way] for way in ("alone", "divided"))
    assert divided["form"] == alone["form"]
    assert without_names(divided["config"]) == without_names(alone["config"])
    np.testing.assert_allclose(divided["queries"], alone["queries"], atol=1e-4)


def without_names(config: Any) -> Any:
    """A configuration without the names that Keras numbers in order of creation."""
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    return [without_names(value) for value in config] if isinstance(config, list) else config


@pytest.mark.slow
def test_a_table_within_the_bound_stays_whole(results: dict[str, Any]) -> None:
    whole = results["whole"]
    assert whole["divided"] == 0
    assert whole["held"].count([WHOLE, WHOLE]) == TABLES * 3
    assert whole["losses"] == pytest.approx(results["lazy_adam"]["alone"]["losses"], abs=1e-5)


@pytest.mark.slow
def test_an_optimizer_that_would_mix_rows_is_refused(results: dict[str, Any]) -> None:
    refusal = results["refusal"]
    assert "embeddings is divided among replicas: its optimizer must be row-sparse, not SGD" in refusal
    assert "\n" not in refusal
