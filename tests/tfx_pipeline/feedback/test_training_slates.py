"""Which logged slates the ranker learns from, and with which labels."""

from pathlib import Path

import numpy as np
import pytest

from serving.feedback.context_digest import context_digest
from serving.feedback.schema import CONTEXT_COLUMNS
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.feedback import training_slates
from tfx_pipeline.feedback.training_slates import TrainingLog
from tfx_pipeline.split import Split
from trainer.hyperparameters import Hyperparameters

START, END, WINDOW = 1_000, 2_000, 100
OBJECTIVES = {
    "click": {"event_types": ["click"], "weight": 1.0},
    "purchase": {"event_types": ["buy"], "weight": 5.0, "given": "click"},
}
SETTINGS = Hyperparameters(OBJECTIVES, {}, {}, {}, {}, {}, seed=7)


def slate(request_id: str, timestamp: int, items: tuple[str, ...] = ("a", "b"), **other: object) -> dict:
    row = makers.shown_row(request_id, items, timestamp)
    digest = context_digest({name: row[name] for name in CONTEXT_COLUMNS})
    return row | {"context_digest": digest} | other


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingLog:
    shown = [
        slate("before", START - 1),
        slate("first", START),
        slate("second", START + 1, ("c",)),
        slate("digest only", START + 2, context_digest="of something else"),
        slate("not yet due", END - WINDOW),
    ]
    makers.write_rows(tmp_path / "shown" / "1.parquet", shown)
    makers.write_rows(tmp_path / "outcomes" / "1.parquet", [makers.outcome_row("first", "b", "buy", START + 5)])
    monkeypatch.setattr(training_slates, "read_split", lambda *_: Split("time", START, END, END + 1))
    return TrainingLog(str(tmp_path), "hash", WINDOW, '{"method": "time"}')


def test_slates_of_the_window_whose_outcomes_were_due(log: TrainingLog, tmp_path: Path) -> None:
    slates = log.slates(tmp_path, SETTINGS)
    assert slates.timestamps.tolist() == [START, START + 1]
    assert [list(items) for items in slates.item_ids] == [["a", "b"], ["c"]]
    assert slates.user_ids == ["u", "u"]
    items, kinds, ages = slates.histories[0]
    assert (list(items), list(kinds), list(ages)) == (["x"], ["view"], [1.5])


def test_a_purchase_was_a_click_where_it_needs_one(log: TrainingLog, tmp_path: Path) -> None:
    first, second = log.slates(tmp_path, SETTINGS).labels
    np.testing.assert_array_equal(first, [[0, 0], [1, 1]])
    np.testing.assert_array_equal(second, [[0, 0]])


def test_a_split_without_a_shared_cut_has_no_window(
    log: TrainingLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_slates, "read_split", lambda *_: Split("leave_last_out"))
    assert len(log.slates(tmp_path, SETTINGS)) == 0


def test_rankers_of_two_widths_may_stand_in_one_log(log: TrainingLog, tmp_path: Path) -> None:
    wide = slate("wide", START + 3, ("d",), exploration_features=[0.0] * 9)
    makers.write_rows(tmp_path / "shown" / "2.parquet", [wide])
    assert len(log.slates(tmp_path, SETTINGS)) == 3


def test_the_log_is_a_parameter_as_text(log: TrainingLog) -> None:
    assert TrainingLog.from_json(log.to_json()) == log
