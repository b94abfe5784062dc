"""Models with one signature each, good and broken ones, checked as a pipeline checks them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text

from trainer.export_checks.errors import ExportCheckError
from trainer.export_checks.export_check import ExportCheck, check_export
from trainer.export_checks.fresh_process import check_saved_model, main
from trainer.export_checks.graph_ops import check_ops, graph_ops
from trainer.export_checks.recorded_calls import read_calls, record_calls
from trainer.export_checks.supported_ops import installed_ops, supported_ops

SPEC = {"x": tf.TensorSpec([None], tf.float32, "x"), "text": tf.TensorSpec([None], tf.string, "text")}
Save = Callable[..., Path]


def requests(batches: tuple[int, ...] = (1, 7)) -> list[tuple[str, dict[str, np.ndarray]]]:
    return [
        ("twice", {"x": np.arange(size, dtype=np.float32), "text": np.array([b"gr\xc3\xbcn tea"] * size, dtype=object)})
        for size in batches
    ]


def twice(x: tf.Tensor, text: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"y": 2 * x, "words": tensorflow_text.WhitespaceTokenizer().tokenize(text).to_tensor("")}


@pytest.fixture(scope="module")
def save(tmp_path_factory: pytest.TempPathFactory) -> Save:
    """A function that saves a function as the signature `twice` and gives the folder; the calls stand beside it."""

    def saved(function: Callable[..., Any], recorded: Callable[..., Any] = twice) -> Path:
        folder = tmp_path_factory.mktemp("saved") / "model"
        concrete = tf.function(function).get_concrete_function(**SPEC)
        tf.saved_model.save(tf.Module(), str(folder), signatures={"twice": concrete})
        record_calls({"twice": recorded}, requests(), folder.with_name("calls"))
        return folder

    return saved


@pytest.fixture(scope="module")
def good(save: Save) -> Path:
    return save(twice)


def test_the_list_is_what_the_command_makes_of_the_older_stack() -> None:
    if not tf.__version__.startswith("2.16."):
        pytest.skip("the list is made with TensorFlow 2.16")
    assert supported_ops() == set(installed_ops())


def test_the_list_has_what_the_servable_needs_and_not_what_the_image_lacks() -> None:
    assert {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8", "MatMul", "LookupTableFindV2"} <= supported_ops()
    missing = {"TFText>RoundRobinTrim", "PyFunc", "EagerPyFunc", "Scann>ScannSearch", "TPUReplicate"}
    assert supported_ops().isdisjoint(missing)


def test_ops_in_the_bodies_of_functions_count(good: Path) -> None:
    assert {"WhitespaceTokenizeWithOffsetsV2", "TFText>WhitespaceTokenizeWithOffsetsV2"} & graph_ops(good)
    assert check_ops(good) == len(graph_ops(good))


def test_a_good_model_passes_in_a_fresh_process(good: Path, tmp_path: Path) -> None:
    check = check_export(good, good.with_name("calls"))
    assert check.failure == ""
    assert (check.calls, check.batches) == (2, (1, 7))
    assert check.size == sum(path.stat().st_size for path in good.rglob("*") if path.is_file())
    assert check.load_seconds > 0
    check.save(tmp_path / "new")
    assert ExportCheck.load(tmp_path / "new") == check


def test_a_failed_check_is_told_in_one_line(tmp_path: Path) -> None:
    main(str(tmp_path), str(tmp_path / "calls"), str(tmp_path / "result.json"))
    found = json.loads((tmp_path / "result.json").read_text())
    assert list(found) == ["failure"]
    assert found["failure"].startswith(f"{tmp_path}/saved_model.pb: cannot be read:")
    assert len(found["failure"].splitlines()) == 1


def test_what_was_recorded_is_read_back(good: Path) -> None:
    first, second = read_calls(good.with_name("calls"))
    assert (first.batch, second.batch, second.signature) == (1, 7, "twice")
    np.testing.assert_array_equal(second.outputs["y"], 2 * second.inputs["x"])
    assert second.outputs["words"].tolist() == [["grün".encode(), b"tea"]] * 7


def with_python(x: tf.Tensor, text: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"y": tf.ensure_shape(tf.py_function(lambda value: 2 * value, [x], tf.float32), [None])}


def with_trimmer(x: tf.Tensor, text: tf.Tensor) -> dict[str, tf.Tensor]:
    segments = [tf.RaggedTensor.from_row_splits(text, tf.range(tf.size(text, tf.int64) + 1))] * 2
    return {"y": 2 * x, "words": tensorflow_text.RoundRobinTrimmer(3).trim(segments)[0].to_tensor("")}


def refusing(x: tf.Tensor, text: tf.Tensor) -> dict[str, tf.Tensor]:
    with tf.control_dependencies([tf.debugging.assert_less(x, 3.0, message="x is too large")]):
        return {**twice(x, text), "y": tf.identity(2 * x)}


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (with_python, "TensorFlow Serving has no op EagerPyFunc"),
        (with_trimmer, "TensorFlow Serving has no op TFText>RoundRobinTrim"),
        (lambda x, text: {"y": 2 * x}, "signature twice: the outputs differ by words"),
        (
            lambda x, text: {**twice(x, text), "y": 2 * x + 0.01},
            "signature twice: y: 8 of 8 values are not what they were before saving",
        ),
        (refusing, "signature twice, batch 7: "),
    ],
)
def test_what_is_wrong_is_named(save: Save, function: Callable[..., Any], reason: str) -> None:
    folder = save(function)
    with pytest.raises(ExportCheckError) as failed:
        check_saved_model(folder, folder.with_name("calls"))
    assert reason in str(failed.value)
    assert len(str(failed.value).splitlines()) == 1


def test_a_signature_that_nobody_asked_is_named(good: Path, tmp_path: Path) -> None:
    record_calls({}, [], tmp_path / "calls")
    with pytest.raises(ExportCheckError, match="no call of the signature twice$"):
        check_saved_model(good, tmp_path / "calls")


def test_damaged_variables_are_named(save: Save) -> None:
    folder = save(twice)
    (folder / "saved_model.pb").write_bytes(b"\xff\xff\xff")
    with pytest.raises(ExportCheckError, match="saved_model.pb: cannot be read"):
        check_saved_model(folder, folder.with_name("calls"))
