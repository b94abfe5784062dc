from pathlib import Path

import numpy as np
import pytest

from trainer.mined_examples import mined_dataset, with_vectors, write_mined
from trainer.mining import MinedCase

WIDTHS = (3, 2)


def case(candidates: int, events: int, seed: int) -> MinedCase:
    random = np.random.default_rng(seed)
    return MinedCase(
        rows=random.integers(0, 100_000, candidates).astype(np.int32),
        features=random.normal(size=(candidates, 3)).astype(np.float32),
        labels=random.integers(0, 2, (candidates, 2)).astype(np.float32),
        positions=random.integers(-1, 300, candidates).astype(np.int16),
        events=random.integers(0, 100_000, events).astype(np.int32),
        ages=random.uniform(0, 400, events).astype(np.float32),
    )


@pytest.fixture(scope="module")
def cases() -> list[MinedCase]:
    return [case(*sizes, seed) for seed, sizes in enumerate([(4, 2), (1, 0), (0, 1), (2, 3), (3, 1)])]


@pytest.fixture(scope="module")
def path(cases: list[MinedCase], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mined") / "candidates"
    assert write_mined(iter(cases), path) == 4
    return path


def test_round_trip_without_empty_cases(path: Path, cases: list[MinedCase]) -> None:
    read = list(mined_dataset([str(path)], 1, WIDTHS, None).as_numpy_iterator())
    for (inputs, labels), expected in zip(read, [case for case in cases if len(case.rows)], strict=True):
        assert inputs["features"].dtype == inputs["ages"].dtype == labels.dtype == np.float32
        np.testing.assert_allclose(inputs["features"][0], expected.features, rtol=1e-3)
        np.testing.assert_array_equal(labels[0], expected.labels)
        for name in ("rows", "positions", "events", "ages"):
            np.testing.assert_array_equal(inputs[name][0], getattr(expected, name))


def test_shorter_cases_are_padded(path: Path) -> None:
    batches = mined_dataset([f"{path.parent}/*"], 2, WIDTHS, None).as_numpy_iterator()
    for (inputs, labels), counts, events in zip(batches, ([4, 1], [2, 3]), ([2, 0], [3, 1]), strict=True):
        assert inputs["features"].shape == (2, max(counts), 3)
        assert labels.shape == (2, max(counts), 2)
        assert inputs["events"].shape == inputs["ages"].shape == (2, max(events))
        for row, count in enumerate(counts):
            assert (labels[row, :count] >= 0).all()
            assert (labels[row, count:] == -1).all()
            assert (inputs["positions"][row, count:] == -1).all()
            assert not inputs["features"][row, count:].any()
        for row, count in enumerate(events):
            assert ((inputs["ages"][row] >= 0) == (np.arange(max(events)) < count)).all()
            assert (inputs["events"][row, count:] == -1).all()


def test_the_seed_decides_the_order(path: Path) -> None:
    def epochs(seed: int) -> list[list[int]]:
        dataset = mined_dataset([str(path)], 1, WIDTHS, seed)
        return [[labels.shape[1] for _, labels in dataset] for _ in range(4)]

    assert epochs(1) == epochs(1)
    assert all(sorted(order) == [1, 2, 3, 4] for order in epochs(1))
    assert len({tuple(order) for order in epochs(1)}) > 1


def test_vectors_are_those_of_the_items(path: Path, cases: list[MinedCase]) -> None:
    random = np.random.default_rng(9)
    preferences, texts = (random.normal(size=(100_001, size)).astype(np.float32) for size in (2, 3))
    both = np.concatenate([preferences, texts], axis=1)
    plain = mined_dataset([str(path)], 1, WIDTHS, None)
    for (before, _), (inputs, labels) in zip(plain, with_vectors(plain, preferences, texts), strict=True):
        np.testing.assert_array_equal(inputs["candidates"][0], both[before["rows"][0].numpy()])
        np.testing.assert_array_equal(inputs["events"][0], both[before["events"][0].numpy()])
        np.testing.assert_array_equal(inputs["rows"], before["rows"])
        assert labels.shape[1] == inputs["candidates"].shape[1]
