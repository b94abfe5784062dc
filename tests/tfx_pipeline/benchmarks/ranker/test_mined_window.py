from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.ranker.mined_window import MinedRows
from trainer.mined_examples import write_mined
from trainer.mining import MinedCase

LABELS = [[0, 1, 0], [0, 0], [1, 0, 0, 1]]
TARGETS = np.array([2, 1, 2])


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> MinedRows:
    path = tmp_path_factory.mktemp("mined") / "candidates"

    def case(labels: list[int]) -> MinedCase:
        count = len(labels)
        features = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
        reached = np.stack([labels, np.zeros(count)], axis=1).astype(np.float32)
        unshown, nothing = np.full(count, -1, np.int16), np.zeros(0)
        return MinedCase(np.arange(count), features, reached, unshown, nothing, nothing)

    write_mined(map(case, LABELS), path)
    return MinedRows.read(path, (2, 2), batch=2)


def test_what_was_mined_comes_back_in_order(rows: MinedRows) -> None:
    assert rows.sizes.tolist() == [3, 2, 4]
    assert rows.labels.tolist() == [bool(label) for labels in LABELS for label in labels]
    assert rows.features[:, 0].tolist() == [0, 2, 4, 0, 2, 0, 2, 4, 6]


def test_the_order_of_the_sources_by_hand(rows: MinedRows) -> None:
    def gain(*ranks: int) -> float:
        return sum(1 / np.log2(rank + 1) for rank in ranks)

    expected = np.mean([gain(2) / gain(1, 2), 0, gain(1, 4) / gain(1, 2)])
    assert rows.ndcg(rows.source_order(), TARGETS) == pytest.approx(expected)


def test_the_best_order_loses_only_what_was_not_mined(rows: MinedRows) -> None:
    ideal = 1 / (1 + 1 / np.log2(3))
    assert rows.ndcg(rows.labels.astype(float), TARGETS) == pytest.approx((ideal + 0 + 1) / 3)


def test_a_case_without_a_target_does_not_count(rows: MinedRows) -> None:
    scores = rows.labels.astype(float)
    assert rows.ndcg(scores, np.array([1, 0, 2])) == pytest.approx(1.0)


def test_the_peer_reads_the_same_arrays(rows: MinedRows, tmp_path: Path) -> None:
    rows.save_for_peer(tmp_path / "rows.npz")
    with np.load(tmp_path / "rows.npz") as arrays:
        for name in ("sizes", "features", "labels"):
            np.testing.assert_array_equal(arrays[name], getattr(rows, name))
