"""The simulation of federated averaging, on few clients."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "federated_query_tower.py"


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("federated_query_tower", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_server_averages_by_the_number_of_purchases(example: Any) -> None:
    """One round of two clients is the mean of what each of them would send, one of them counting three times."""
    vectors, _ = example.make_shop(users=2, seed=0)
    history = np.arange(24, dtype=np.int32).reshape(2, 12)
    windows = {"history": history, "targets": history + 1}
    windows["targets"][1, 4:] = -1
    model = example.build_model(vectors)
    variables = model.trainable_variables
    assert not any("item" in variable.path for variable in variables)
    start = [variable.numpy() for variable in variables]

    def after_one_round(rows: list[int]) -> list[np.ndarray]:
        example.set_weights(variables, start)
        chosen = {name: values[rows] for name, values in windows.items()}
        example.train_federated(model, chosen, rounds=1, clients=2, steps=1)
        return [variable.numpy() for variable in variables]

    first, second, both = (after_one_round(rows) for rows in ([0], [1], [0, 1]))
    assert any(np.abs(one - other).max() > 1e-4 for one, other in zip(first, second, strict=True))
    for one, other, mean in zip(first, second, both, strict=True):
        np.testing.assert_allclose(mean, 0.75 * one + 0.25 * other, atol=1e-6)


@pytest.mark.slow
def test_the_table_shows_that_federated_training_learns_most_of_it(example: Any, capsys: pytest.CaptureFixture) -> None:
    example.main(users=200, epochs=20, rounds=30)
    title, heading, *lines = capsys.readouterr().out.splitlines()[-5:]
    assert title == "Simulation: 200 clients in one process, 30 rounds of federated averaging"
    assert heading.split() == ["query", "tower", "HR@10", "NDCG@10"]
    ndcg = {match[1]: float(match[3]) for line in lines if (match := re.match(r"(\w+) +([\d.]+) +([\d.]+)$", line))}
    assert list(ndcg) == ["untrained", "federated", "central"]
    assert ndcg["untrained"] < 0.1 < ndcg["federated"]
