from pathlib import Path

import tensorflow as tf

from trainer.quantisation.held_variables import HeldVariables, Untracked, drop_unread


class Small(tf.Module):
    """Adds one of its two weights."""

    def __init__(self) -> None:
        super().__init__()
        inner = tf.Module()
        inner.weights = [tf.Variable(1.0), tf.Variable([2.0, 3.0])]
        self.model = Untracked(inner)
        self.weights = HeldVariables(inner.weights, "weights")

    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        add = tf.function(lambda x: {"sum": tf.cond(x > 0, lambda: x + self.model.model.weights[0], lambda: x)})
        functions = {"add": add.get_concrete_function(tf.TensorSpec([], tf.float32, "x"))}
        drop_unread(self, functions.values())
        return functions


def test_only_what_is_read_is_saved_and_once(tmp_path: Path) -> None:
    small = Small()
    tf.saved_model.save(small, str(tmp_path), signatures=small.signatures())
    shapes = tf.train.load_checkpoint(str(tmp_path / "variables" / "variables")).get_variable_to_shape_map()
    assert [shape for name, shape in shapes.items() if name.startswith("weights")] == [[]]
    assert not [name for name in shapes if name.startswith("model")]
    loaded = tf.saved_model.load(str(tmp_path))
    assert loaded.signatures["add"](x=tf.constant(2.0))["sum"] == 3.0


def test_other_signatures_hold_other_weights() -> None:
    small = Small()
    assert len(small.weights.held) == 2
    small.signatures()
    assert len(small.weights.held) == 1
    small.weights.keep({id(variable.handle) for variable in small.model.model.weights})
    assert len(small.weights.held) == 2
