"""Epochs of user-item pairs, tiny."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.benchmarks import pair_throughput
from tfx_pipeline.benchmarks.pair_throughput import EpochSizes, throughput_figures
from tfx_pipeline.benchmarks.user_item_pairs import UserItemPairs, movielens_100k_pairs
from tfx_pipeline.sources.errors import DataError

TINY = EpochSizes(pairs=60, batch=16, width=4, epochs=2)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    rng = np.random.default_rng(7)
    table = pd.DataFrame({"user_id": rng.integers(9, size=80), "item_id": rng.integers(20, size=80), "rating": 4.0})
    table.to_csv(folder / "events.csv.gz", index=False)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_figures_of_both_data(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow_recommenders")
    monkeypatch.setitem(pair_throughput.DATA, "Complete Journey", movielens_100k_pairs)
    figures = list(throughput_figures(data_dir, TINY))
    against = "against TensorFlow Recommenders' retrieval tutorial"
    assert [(figure.name, figure.unit, figure.target) for figure in figures] == [
        (f"pairs a second on ml-100k, {against}", "times", 2.0),
        ("pairs on ml-100k", "pairs/s", None),
        ("pairs on ml-100k, TensorFlow Recommenders", "pairs/s", None),
        (f"pairs a second on Complete Journey, {against}", "times", 2.0),
        ("pairs on Complete Journey", "pairs/s", None),
        ("pairs on Complete Journey, TensorFlow Recommenders", "pairs/s", None),
        ("peak memory of training on Complete Journey", "GB", None),
    ]
    assert all(figure.value is not None and figure.value > 0 for figure in figures)
    assert "the first 60 pairs, batch 16, width 4, " in figures[0].how


@pytest.mark.usefixtures("in_this_process")
def test_absent_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(pair_throughput.DATA, "Complete Journey")
    (figure,) = throughput_figures(tmp_path, TINY)
    assert (figure.value, figure.unit, figure.target, figure.met) == (None, "times", 2.0, False)
    assert figure.how == f"not measured: {tmp_path / 'ml-100k' / 'events.csv.gz'}: no such file"


def test_the_first_pairs_are_read(data_dir: Path) -> None:
    assert len(movielens_100k_pairs(data_dir, None)) == 80
    pairs = movielens_100k_pairs(data_dir, 3)
    table = pd.read_csv(data_dir / "ml-100k" / "events.csv.gz", dtype=str)[:3]
    assert (pairs.users.tolist(), pairs.items.tolist()) == (table["user_id"].tolist(), table["item_id"].tolist())
    with pytest.raises(DataError, match=r"no such file$"):
        movielens_100k_pairs(data_dir / "elsewhere", 3)


def test_written_pairs_come_back_shuffled_and_without_history(tmp_path: Path) -> None:
    from tfx_pipeline.benchmarks.pair_training import pair_dataset, write_pairs

    users, items = np.arange(10), np.arange(10) * 3
    write_pairs(tmp_path / "pairs.tfrecord", users, items)
    batches = list(pair_dataset(tmp_path / "pairs.tfrecord", 4).as_numpy_iterator())
    assert [len(batch["users"]) for batch in batches] == [4, 4, 2]
    found = np.concatenate([batch["users"] for batch in batches])
    assert sorted(found) == list(users) and list(found) != list(users)
    assert np.concatenate([batch["targets"][:, 0] for batch in batches]).tolist() == (found * 3).tolist()
    assert all((batch["history"] == -1).all() and batch["history"].shape[1] == 1 for batch in batches)


@pytest.mark.slow
def test_both_sides_learn(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow_recommenders")
    from tfx_pipeline.benchmarks.tutorial_peer import TutorialModel

    # Each user buys one item.
    ids = np.repeat([f"{number}" for number in range(8)], 2)
    model = TutorialModel(np.unique(ids), np.unique(ids), 4)
    import tensorflow as tf

    model.compile(optimizer=tf.keras.optimizers.Adagrad(learning_rate=0.5))
    pairs = UserItemPairs(ids, ids)
    batch = {"user_id": pairs.users[::2].astype(bytes), "item_id": pairs.items[::2].astype(bytes)}
    history = model.fit(tf.data.Dataset.from_tensors(batch), epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2
