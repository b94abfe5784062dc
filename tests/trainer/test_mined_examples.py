from pathlib import Path

import numpy as np
import pytest

from trainer.mined_examples import mined_dataset, write_mined
from trainer.mining import MinedCase

WIDTHS = (3, 2)


def case(candidates: int, seed: int) -> MinedCase:
    random = np.random.default_rng(seed)
    features = random.normal(size=(candidates, 3)).astype(np.float32)
    return MinedCase(
        np.arange(candidates, dtype=np.int32), features, random.integers(0, 2, (candidates, 2)).astype(np.float32)
    )


@pytest.fixture(scope="module")
def cases() -> list[MinedCase]:
    return [case(candidates, seed) for seed, candidates in enumerate([4, 1, 0, 2, 3])]


@pytest.fixture(scope="module")
def path(cases: list[MinedCase], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mined") / "candidates"
    assert write_mined(iter(cases), path) == 4
    return path


def test_round_trip_without_empty_cases(path: Path, cases: list[MinedCase]) -> None:
    read = list(mined_dataset([str(path)], 1, WIDTHS, None).as_numpy_iterator())
    for (features, labels), expected in zip(read, [case for case in cases if len(case.rows)], strict=True):
        assert features.dtype == labels.dtype == np.float32
        np.testing.assert_allclose(features[0], expected.features, rtol=1e-3)
        np.testing.assert_array_equal(labels[0], expected.labels)


def test_shorter_cases_are_padded(path: Path) -> None:
    first, second = mined_dataset([f"{path.parent}/*"], 2, WIDTHS, None).as_numpy_iterator()
    for (features, labels), counts in ((first, [4, 1]), (second, [2, 3])):
        assert features.shape == (2, max(counts), 3)
        assert labels.shape == (2, max(counts), 2)
        for row, count in enumerate(counts):
            assert (labels[row, :count] >= 0).all()
            assert (labels[row, count:] == -1).all()
            assert not features[row, count:].any()


def test_the_seed_decides_the_order(path: Path) -> None:
    def epochs(seed: int) -> list[list[int]]:
        dataset = mined_dataset([str(path)], 1, WIDTHS, seed)
        return [[labels.shape[1] for _, labels in dataset] for _ in range(4)]

    assert epochs(1) == epochs(1)
    assert all(sorted(order) == [1, 2, 3, 4] for order in epochs(1))
    assert len({tuple(order) for order in epochs(1)}) > 1
