from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from trainer.whole_reads import read_tables_whole


class _Lookups(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = tf.Variable(np.arange(12, dtype=np.float32).reshape(4, 3), trainable=False)
        self.words = tf.Variable(["a", "b", "c"], trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "rows")])
    def look(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        asked = tf.cond(tf.size(rows) > 1, lambda: tf.gather(self.table, rows), lambda: self.table[:1] * 2)
        words = tf.gather(self.words, tf.cast(rows, tf.int32) % 3)
        # One that comes after another operation.
        with tf.control_dependencies([asked]):
            late = tf.gather(self.table, rows[:1])
        return {"asked": asked, "words": words, "late": late, "sums": tf.reduce_sum(self.table, axis=0)}


def saved(folder: Path) -> Path:
    module = _Lookups()
    tf.saved_model.save(module, str(folder), signatures=module.look.get_concrete_function())
    return folder


def ask(folder: Path, rows: list[int]) -> dict[str, np.ndarray]:
    answers = tf.saved_model.load(str(folder)).signatures["serving_default"](rows=tf.constant(rows, tf.int64))
    return {name: value.numpy() for name, value in answers.items()}


def operations(folder: Path) -> set[str]:
    graph = SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    return {node.op for nodes in [graph.node, *(one.node_def for one in graph.library.function)] for node in nodes}


def test_answers_stay_and_no_lookup_is_left(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    before = {rows: ask(folder, list(rows)) for rows in ((2,), (3, 0, 3))}
    assert "ResourceGather" in operations(folder)
    assert read_tables_whole(folder) >= 3
    assert "ResourceGather" not in operations(folder)
    for rows, answers in before.items():
        again = ask(folder, list(rows))
        assert set(again) == set(answers)
        for name, values in answers.items():
            np.testing.assert_array_equal(again[name], values)


def test_a_second_time_finds_nothing(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    read_tables_whole(folder)
    written = (folder / "saved_model.pb").read_bytes()
    assert read_tables_whole(folder) == 0
    assert ask(folder, [1])["asked"].tolist() == [[0.0, 2.0, 4.0]]
    assert len((folder / "saved_model.pb").read_bytes()) == len(written)
