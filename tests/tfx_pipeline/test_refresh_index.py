"""What a refresh writes and when it writes nothing; the model is a stand-in, see tests/trainer/signatures."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.trainer.test_model_parts import SETTINGS
from tfx_pipeline.config import parse_config, save_config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import Ledger, request_hashes
from tfx_pipeline.new_version import sole_writer
from tfx_pipeline.refresh_index import refresh_index
from trainer.export_checks.errors import ExportCheckError
from trainer.item_records import ItemRecord, read_records
from trainer.model_files import NEW_ITEMS_FILE, PARTS_FILE, POSTERIOR_FILE
from trainer.model_parts import ModelParts

FAR = 9_000_000_000
"""A version of a clock that went ahead."""


class StandIn:
    """Takes the place of `RefreshedModel`."""

    added, updated, hidden, items = 1, 0, 0, 4
    told: list[tuple[list[ItemRecord], list[ItemRecord]]] = []
    fails = False

    def __init__(self, parts: ModelParts, posterior: Path, version: str) -> None:
        self.version = version

    def refresh(self, earlier: list[ItemRecord], records: list[ItemRecord], cache: Path, progress: Any) -> None:
        self.told.append((earlier, records))
        progress(1, 1)

    def export(self, folder: Path, traffic: Path | None) -> None:
        (folder / "assets.extra").mkdir(parents=True)
        (folder / "saved_model.pb").write_text(self.version)
        if self.fails:
            raise OSError(28, "No space left on device", str(folder))


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StandIn]]:
    monkeypatch.setitem(sys.modules, "trainer.refreshed_model", SimpleNamespace(RefreshedModel=StandIn))
    monkeypatch.setattr("trainer.export_checks.graph_ops.check_ops", lambda folder: None)
    StandIn.told.clear()
    yield StandIn
    StandIn.fails = False


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run that pushed version 7."""
    run_dir = tmp_path / "run"
    parts = ModelParts(*(run_dir / "tfx" / name for name in ("towers", "transform", "ranker")), SETTINGS)
    for path in parts.paths.values():
        path.mkdir(parents=True)
    document = {"run_dir": str(run_dir), "data": {"events": {"path": "e.csv"}}}
    save_config(parse_config({**document, "objectives": {"buy": {"event_types": ["buy"]}}}), run_dir / "config.yaml")
    push(run_dir, 7, parts)
    return run_dir


def push(run_dir: Path, version: int, parts: ModelParts) -> None:
    folder = run_dir / "serving" / "shoprank" / str(version)
    parts.save(folder)
    (folder / "saved_model.pb").touch()
    (folder / POSTERIOR_FILE).write_text("posterior")


def items(folder: Path, text: str) -> Path:
    path = folder / "new.csv"
    path.write_text(text)
    return path


def test_a_version_with_all_that_the_next_refresh_needs(run_dir: Path, tmp_path: Path) -> None:
    first = refresh_index(items(tmp_path, "item_id,title\na,tea\nb,milk\n"), run_dir)
    assert (first.served, first.added, first.items) == (7, 1, 4) and first.version > 7
    second = refresh_index(items(tmp_path, "item_id,price\na,3\nc,\n"), run_dir)
    assert (second.served, second.version > first.version) == (first.version, True)
    tea, milk = ItemRecord("a", "tea"), ItemRecord("b", "milk")
    assert StandIn.told == [([], [tea, milk]), ([tea, milk], [ItemRecord("a", price=3.0), ItemRecord("c")])]
    assert read_records(second.path / NEW_ITEMS_FILE) == [ItemRecord("a", "tea", price=3.0), milk, ItemRecord("c")]
    assert (second.path / POSTERIOR_FILE).read_text() == "posterior"
    assert json.loads((second.path / PARTS_FILE).read_text())["ranker"] == "ranker"
    assert (second.path / "saved_model.pb").read_text() == str(second.version)
    assert len(os.listdir(second.path.parent)) == 3


def test_the_new_version_is_above_a_clock_that_went_ahead(run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "serving" / "shoprank" / "7").rename(run_dir / "serving" / "shoprank" / str(FAR))
    assert refresh_index(items(tmp_path, "item_id\na\n"), run_dir).version == FAR + 1


def test_what_was_learned_from_feedback_stays_known(run_dir: Path, tmp_path: Path) -> None:
    learned = Ledger().folded(request_hashes(["r"]), made_from=6).shared_by([7])
    learned.save(run_dir / "serving" / "shoprank" / "7")
    first = refresh_index(items(tmp_path, "item_id\na\n"), run_dir)
    carried = Ledger.load(first.path)
    assert carried.holds(request_hashes(["r", "s"])).tolist() == [True, False]
    assert (carried.made_from, carried.versions.tolist()) == (6, [7, first.version])


def test_another_writer(run_dir: Path, tmp_path: Path) -> None:
    path = items(tmp_path, "item_id\na\n")
    with sole_writer(run_dir), pytest.raises(PipelineError, match="another command is writing a version of this run"):
        refresh_index(path, run_dir, wait_seconds=0)
    assert os.listdir(run_dir / "serving" / "shoprank") == ["7"]


def test_a_failure_leaves_nothing_behind(run_dir: Path, tmp_path: Path) -> None:
    StandIn.fails = True
    with pytest.raises(OSError, match="No space left"):
        refresh_index(items(tmp_path, "item_id\na\n"), run_dir)
    assert os.listdir(run_dir / "serving" / "shoprank") == ["7"]


@pytest.mark.parametrize(
    ("name", "message"), [(PARTS_FILE, "parts.json: damaged: "), (NEW_ITEMS_FILE, "new_items.jsonl: cannot be read: ")]
)
def test_a_damaged_file_of_the_served_version(run_dir: Path, tmp_path: Path, name: Path, message: str) -> None:
    (run_dir / "serving" / "shoprank" / "7" / name).write_text("{")
    with pytest.raises(PipelineError, match=message):
        refresh_index(items(tmp_path, "item_id\na\n"), run_dir)
    assert os.listdir(run_dir / "serving" / "shoprank") == ["7"]


def test_a_graph_that_no_server_can_run_is_not_written(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise ExportCheckError(f"{folder.name}: TensorFlow Serving has no op Strange")

    monkeypatch.setattr("trainer.export_checks.graph_ops.check_ops", refuse)
    new = tmp_path / "new.csv"
    new.write_text("item_id\na\n")
    with pytest.raises(PipelineError, match=r"^\.8\.aside: TensorFlow Serving has no op Strange$"):
        refresh_index(new, run_dir)
    assert [path.name for path in (run_dir / "serving" / "shoprank").iterdir()] == ["7"]
