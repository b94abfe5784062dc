import json
from pathlib import Path

import pytest

from trainer.model_files import PARTS_FILE
from trainer.model_parts import ModelParts, ModelPartsError

NAMES = ("history", "text", "retrieval", "ranker", "bandit")
SETTINGS = json.dumps({"objectives": {"purchase": {}, "cart": {}}, **{name: {} for name in NAMES}, "seed": 1})


def make(root: Path) -> ModelParts:
    """The folders of TFX, with the parts of a model in them."""
    parts = ModelParts(
        root / "TowerTrainer" / "model" / "6" / "Format-Serving",
        root / "Transform" / "transform_graph" / "4",
        root / "RankerTrainer" / "model_run" / "8" / "ranker.keras",
        SETTINGS,
    )
    for path in parts.paths.values():
        path.mkdir(parents=True)
    return parts


def test_parts_are_found_where_the_run_is_now(tmp_path: Path) -> None:
    parts = make(tmp_path / "run" / "tfx")
    parts.save(tmp_path / "model")
    assert str(tmp_path) not in (tmp_path / "model" / PARTS_FILE).read_text()
    assert ModelParts.load(tmp_path / "model", tmp_path / "run" / "tfx") == parts
    (tmp_path / "run").rename(tmp_path / "moved")
    moved = ModelParts.load(tmp_path / "model", tmp_path / "moved" / "tfx")
    assert moved.ranker == tmp_path / "moved" / "tfx" / "RankerTrainer" / "model_run" / "8" / "ranker.keras"
    assert moved.hyperparameters == SETTINGS


def test_a_model_without_a_record(tmp_path: Path) -> None:
    with pytest.raises(ModelPartsError, match=rf"^{tmp_path / PARTS_FILE}: the model does not say what it was made of"):
        ModelParts.load(tmp_path, tmp_path)


PATHS = {"package": "", "transform": "", "ranker": ""}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", json.dumps({"package": 1, "transform": "", "ranker": ""})]
    + [json.dumps({**PATHS, "hyperparameters": text}) for text in ("", "{}", 5)],
)
def test_a_damaged_record(tmp_path: Path, text: str) -> None:
    (tmp_path / PARTS_FILE).parent.mkdir()
    (tmp_path / PARTS_FILE).write_text(text)
    with pytest.raises(ModelPartsError, match=rf"^{tmp_path / PARTS_FILE}: damaged: "):
        ModelParts.load(tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["package", "transform", "ranker"])
def test_a_part_that_is_gone(tmp_path: Path, name: str) -> None:
    parts = make(tmp_path / "tfx")
    parts.save(tmp_path / "model")
    parts.paths[name].rmdir()
    with pytest.raises(ModelPartsError, match=rf"^{parts.paths[name]}: the {name} of the model is not there any more$"):
        ModelParts.load(tmp_path / "model", tmp_path / "tfx")
