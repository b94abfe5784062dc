from pathlib import Path

import pytest

from tfx_pipeline.evaluate.model_items import items_of_model
from tfx_pipeline.evaluate.model_source import ModelSource


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    """A SavedModel that was trained on two items; one id holds what Python takes for the end of a line."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "item_id").write_text("a\u2028b\nc\n", encoding="utf-8")
    return tmp_path


def items(folder: Path) -> list[str]:
    return items_of_model(ModelSource(str(folder), "saved model", str(folder), "model")).to_pylist()


def test_the_vocabulary_names_the_items(saved_model: Path) -> None:
    assert items(saved_model) == ["a\u2028b", "c"]


def test_the_items_of_a_refresh_are_known_as_well(saved_model: Path) -> None:
    (saved_model / "assets.extra").mkdir()
    (saved_model / "assets.extra" / "titles.csv").write_text(
        "item_id,title\na\u2028b,x\nc,\nnew,tea\n", encoding="utf-8"
    )
    assert items(saved_model) == ["a\u2028b", "c", "new"]


def test_a_model_of_another_kind_says_nothing_of_its_items(tmp_path: Path) -> None:
    assert items(tmp_path) == []
