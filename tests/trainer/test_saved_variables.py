"""Values of variables changed in a SavedModel on disk."""

import filecmp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.saved_variables import SavedVariablesError, copy_with_variables, read_variable


class Head(tf.Module):
    """A part of the module, so that names have two levels."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = tf.Variable([1.0, 2.0])
        self.explorable = tf.Variable([True, False, True])


class Shop(tf.Module):
    """A model with a variable of every type that the servable has."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.version = tf.Variable("7", dtype=tf.string)
        self.item_ids = tf.Variable(["a", "ä", ""])
        self.count = tf.Variable(3, dtype=tf.int64)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def score(self, factor: tf.Tensor) -> dict[str, tf.Tensor]:
        utility = factor[:, None] * self.head.mean
        return {"utility": utility, "version": self.version, "item_ids": self.item_ids, "of": self.head.explorable}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "7"
    shop = Shop()
    tf.saved_model.save(shop, str(folder), signatures=shop.score)
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "version").write_text("7")
    return folder


def answer(folder: Path) -> dict[str, Any]:
    # Variables live as long as the object that they were loaded with.
    loaded = tf.saved_model.load(str(folder))
    outputs = loaded.signatures["serving_default"](tf.ones([1]))
    return {name: np.asarray(value.numpy()).tolist() for name, value in outputs.items()}


def test_the_copy_answers_with_the_new_values(model: Path, tmp_path: Path) -> None:
    before = answer(model)
    copy_with_variables(model, tmp_path / "8", {"head/mean": np.array([4.0, 5.5]), "version": "8"})
    assert answer(tmp_path / "8") == {**before, "utility": [[4.0, 5.5]], "version": b"8"}
    assert answer(model) == before
    assert before == {
        "utility": [[1.0, 2.0]],
        "version": b"7",
        "item_ids": [b"a", "ä".encode(), b""],
        "of": [True, False, True],
    }


def test_every_other_file_and_variable_is_the_same(model: Path, tmp_path: Path) -> None:
    copy_with_variables(model, tmp_path / "8", {"head/explorable": [False, False, False], "count": 4})
    assert filecmp.cmpfiles(model, tmp_path / "8", ["saved_model.pb", "assets.extra/version"], shallow=False)[0] == [
        "saved_model.pb",
        "assets.extra/version",
    ]
    assert read_variable(tmp_path / "8", "count") == 4
    assert not read_variable(tmp_path / "8", "head/explorable").any()
    for name in ("head/mean", "version", "item_ids"):
        np.testing.assert_array_equal(read_variable(tmp_path / "8", name), read_variable(model, name))
    names = [{name for name, _ in tf.train.list_variables(str(tmp_path / side / "variables" / "variables"))}
             for side in (model, "8")]  # fmt: skip
    assert names[0] == names[1]


def test_the_fingerprint_is_that_of_the_new_checkpoint(model: Path, tmp_path: Path) -> None:
    copy_with_variables(model, tmp_path / "same", {})
    copy_with_variables(model, tmp_path / "other", {"head/mean": [0.0, 0.0]})
    hashes = [tf.saved_model.experimental.read_fingerprint(str(tmp_path / name)) for name in ("same", "other")]
    assert hashes[0].graph_def_program_hash == hashes[1].graph_def_program_hash
    assert hashes[0].checkpoint_hash != hashes[1].checkpoint_hash
    # TensorFlow's own hash of a checkpoint that it wrote.
    shop, folder = Shop(), tmp_path / "own"
    tf.saved_model.save(shop, str(folder), signatures=shop.score)
    own = tf.saved_model.experimental.read_fingerprint(str(folder)).checkpoint_hash
    index = (folder / "variables" / "variables.index").read_bytes()
    assert int.from_bytes(tf.fingerprint(tf.constant([index])).numpy()[0].tobytes(), "little") == own


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"head/centre": 1.0}, "no variable head/centre"),
        ({"head/mean": [1.0]}, r"variable head/mean: has shape \[2\], the new value \[1\]"),
        ({"version": ["8"]}, r"variable version: has shape \[\], the new value \[1\]"),
        ({"version": 8}, "variable version: is of string, the new value of int64"),
        ({"head/mean": ["a", "b"]}, "variable head/mean: is of float32, the new value of <U1"),
        ({"head/explorable": [1.0, 0.0, 1.0]}, "variable head/explorable: is of bool, the new value of float64"),
    ],
)
def test_a_value_that_does_not_fit(model: Path, tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(SavedVariablesError, match=f"^{model}/variables/variables: {message}$"):
        copy_with_variables(model, tmp_path / "8", values)
    assert not (tmp_path / "8").exists()


def test_a_model_without_variables_to_read(tmp_path: Path) -> None:
    with pytest.raises(SavedVariablesError, match=f"^{tmp_path}/variables/variables: cannot be read: "):
        read_variable(tmp_path, "version")


def test_a_name_that_is_not_there(model: Path) -> None:
    with pytest.raises(SavedVariablesError, match="variables/variables: no variable exploration/mean$"):
        read_variable(model, "exploration/mean")
