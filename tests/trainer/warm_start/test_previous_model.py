import json
from dataclasses import asdict
from pathlib import Path

import pytest

from trainer.damaged_files import DamagedFileError
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import POSTERIOR_FILE
from trainer.model_parts import ModelParts, ModelPartsError
from trainer.warm_start.continuation import CONTINUATION, Continuation, run_of
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.training_span import SPAN_FILE, TrainingSpan


@pytest.fixture()
def version(tmp_path: Path, settings: Hyperparameters) -> Path:
    """A pushed version whose parts are there, and hold nothing that can be read."""
    root, version = tmp_path / "run" / "tfx", tmp_path / "run" / "serving" / "shoprank" / "17"
    parts = ModelParts(root / "package", root / "transform", root / "ranker.keras", json.dumps(asdict(settings)))
    parts.package.mkdir(parents=True)
    parts.transform.mkdir()
    for path in (parts.package / "towers.keras", parts.ranker, version / POSTERIOR_FILE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"nothing")
    parts.save(version)
    return version


def test_its_parts_are_those_of_the_run_that_pushed_it(version: Path, settings: Hyperparameters) -> None:
    previous = PreviousModel.load(version, run_of(version) / "tfx")
    assert previous.parts.package == version.parents[2] / "tfx" / "package"
    assert previous.settings == settings
    assert previous.span == TrainingSpan(end=None, forgotten="")
    TrainingSpan(end=1_700_000_000, forgotten="abc").save(previous.parts.package)
    assert PreviousModel.load(version, run_of(version) / "tfx").span == TrainingSpan(1_700_000_000, "abc")


@pytest.mark.parametrize(
    ("part", "file"),
    [("towers", "tfx/package/towers.keras"), ("ranker", "tfx/ranker.keras"), ("span", f"tfx/package/{SPAN_FILE}")],
)
def test_a_damaged_part_is_one_line_that_names_it(version: Path, part: str, file: str) -> None:
    path = run_of(version) / file
    path.write_bytes(b"nothing")
    with pytest.raises(DamagedFileError, match=rf"^{path}: cannot be read: [^\n]+$"):
        getattr(PreviousModel.load(version, run_of(version) / "tfx"), part)


def test_a_damaged_posterior_and_vocabulary_are_named(version: Path) -> None:
    previous = PreviousModel.load(version, run_of(version) / "tfx")
    with pytest.raises(DamagedFileError, match=rf"^{version / POSTERIOR_FILE}: cannot be read: [^\n]+$"):
        _ = previous.posterior
    with pytest.raises(DamagedFileError, match=rf"^{previous.parts.transform}: cannot be read: [^\n]+$"):
        previous.words("user_id")


def test_a_part_that_is_gone_is_named(version: Path) -> None:
    ranker = run_of(version) / "tfx" / "ranker.keras"
    ranker.unlink()
    with pytest.raises(ModelPartsError, match=rf"^{ranker}: the ranker of the model is not there any more$"):
        PreviousModel.load(version, run_of(version) / "tfx")


def test_what_a_continued_training_is_told_comes_back_whole(tmp_path: Path) -> None:
    how = Continuation(tmp_path / "run/serving/shoprank/3", 2, 0.5, 7.0, 0.25)
    assert Continuation.of({CONTINUATION: how.to_json(), "version": "1"}) == how
    assert how.artifacts == tmp_path / "run" / "tfx"
    assert Continuation.of({"version": "1"}) is None
