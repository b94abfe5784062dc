"""A model of three items, read back from its parts and saved again with two more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.damaged_files import DamagedFileError
from trainer.hyperparameters import Hyperparameters
from trainer.item_records import ItemRecord
from trainer.model_files import TITLES_FILE, VERSION_FILE
from trainer.model_parts import ModelParts
from trainer.refreshed_model import RefreshedModel
from trainer.signature_inputs import INPUTS

EARLIER = [ItemRecord("oat-1", "oat milk", category="food > dairy", price=2.0), ItemRecord("soap-1", price=9.0)]
LATER = [ItemRecord("brush-1", "soft brush"), ItemRecord("oat-1", price=3.0), ItemRecord("text-1", available=False)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def parts(write_parts: Callable[..., ModelParts], folder: Path, settings: Hyperparameters) -> ModelParts:
    return write_parts(folder, settings)


@pytest.fixture(scope="module")
def refreshed(parts: ModelParts, folder: Path) -> RefreshedModel:
    model = RefreshedModel(parts, folder / "posterior.npz", "77")
    model.refresh(EARLIER, LATER)
    model.export(folder / "77")
    return model


@pytest.fixture(scope="module")
def ask(refreshed: RefreshedModel, folder: Path) -> Callable[..., dict[str, np.ndarray]]:
    """A function from a signature of the SavedModel, as a server loads it, and its inputs to its answers."""
    signatures = tf.saved_model.load(str(folder / "77")).signatures

    def answer(signature: str, **given: Any) -> dict[str, np.ndarray]:
        inputs = {}
        for name, spec in INPUTS[signature].items():
            empty = "" if spec.dtype == tf.string else float("nan") if name.endswith("price") else 0
            values = given.get(name, [[empty]] if spec.shape.rank == 2 else [empty])
            inputs[name] = tf.constant(values, spec.dtype)
        return {name: value.numpy() for name, value in signatures[signature](**inputs).items()}

    return answer


def items(answers: dict[str, np.ndarray]) -> list[str]:
    return [item.decode() for item in answers["item_ids"][0] if item]


def test_it_counts(refreshed: RefreshedModel, folder: Path) -> None:
    assert (refreshed.items, refreshed.added, refreshed.updated, refreshed.hidden) == (5, 1, 2, 1)
    assert (folder / "77" / VERSION_FILE).read_text() == "77"
    titles = (folder / "77" / TITLES_FILE).read_text().splitlines()
    assert {"oat-1,oat milk", "brush-1,soft brush"} <= set(titles)


def test_new_items_are_recommended_and_hidden_ones_are_not(ask: Callable[..., Any]) -> None:
    assert set(items(ask("recommend", k=[10]))) == {"milk-1", "soap-1", "oat-1", "brush-1"}
    assert items(ask("retrieve", query=["soft brush"], k=[10]))[0] == "brush-1"


def test_a_new_item_is_asked_for_by_its_id(ask: Callable[..., Any]) -> None:
    assert "oat-1" not in items(ask("similar_items", item_id=["oat-1"], k=[10]))
    assert "oat-1" in items(ask("similar_items", item_id=["milk-1"], k=[10]))
    known, told = (
        ask("embed_item", item_id=[item_id], title=["oat milk"], category=["food > dairy"], price=[3.0])["vectors"]
        for item_id in ("oat-1", "")
    )
    np.testing.assert_allclose(known, told, atol=1e-5)


def test_a_new_item_is_remembered_and_excluded(ask: Callable[..., Any]) -> None:
    answers = ask("recommend", history_item_ids=[["oat-1"]], k=[10])
    assert dict(zip(items(answers), answers["sources"][0], strict=False))["oat-1"] == b"history"
    assert "oat-1" not in items(ask("recommend", exclude_item_ids=[["oat-1"]], k=[10]))


DAMAGED = ["package/towers.keras", "package/catalogue.npz", "ranker.keras", "calibration.json", "posterior.npz"]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_part_is_named(parts: ModelParts, folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    try:
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(DamagedFileError, match=rf"^{path}: cannot be read: [^\n]+$"):
            RefreshedModel(parts, folder / "posterior.npz", "78")
    finally:
        path.write_bytes(content)
