"""Feedback updates taken back."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.tfx_pipeline.feedback.updates.small_run import (
    LATER,
    VERSION,
    check_equal,
    refit,
    trained_posterior,
    write_log,
)
from tests.tfx_pipeline.feedback.updates.test_update import answer, check_answer
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import NEVER, Ledger
from tfx_pipeline.feedback.posterior_version import read_posterior
from tfx_pipeline.feedback.undo import undo_feedback
from tfx_pipeline.feedback.update import update_from_feedback
from tfx_pipeline.new_version import served_version, sole_writer
from trainer.model_files import POSTERIOR_FILE


def test_the_posterior_from_before_to_the_last_bit(run_dir: Path) -> None:
    _, trained = served_version(run_dir, "test")
    write_log(run_dir / "feedback", ["a", "b", "c"])
    update_from_feedback(run_dir, now=LATER)
    undone = undo_feedback(run_dir)
    assert (undone.served, undone.posterior_of, undone.slates) == (VERSION + 1, VERSION, 3)
    assert undone.path.name == str(VERSION + 2)
    for name in ("precision", "moment"):
        np.testing.assert_array_equal(getattr(read_posterior(undone.path), name), getattr(trained_posterior(), name))
    before, after = answer(trained), answer(undone.path)
    assert (after.pop("version"), before.pop("version")) == (b"9", b"7")
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values)


def test_updates_are_undone_one_by_one_and_can_be_done_again(run_dir: Path) -> None:
    first = write_log(run_dir / "feedback", ["a", "b"])
    update_from_feedback(run_dir, now=LATER)
    second = write_log(run_dir / "feedback", ["c"], version=VERSION + 1)
    update_from_feedback(run_dir, now=LATER)
    check_equal(read_posterior(undo_feedback(run_dir).path), refit(first))
    last = undo_feedback(run_dir)
    assert (last.posterior_of, Ledger.load(last.path).made_from) == (VERSION, NEVER)
    check_equal(read_posterior(last.path), trained_posterior())
    # What the versions that were taken back have shown is still about the same ranker.
    again = update_from_feedback(run_dir, now=LATER)
    assert again.path is not None and again.slates == 3
    check_equal(read_posterior(again.path), refit(first + second))
    check_answer(again.path, refit(first + second))


def test_nothing_to_undo(run_dir: Path) -> None:
    with pytest.raises(PipelineError, match=r"/7: no feedback update to undo; the posterior is the one of training$"):
        undo_feedback(run_dir)
    assert os.listdir(run_dir / "serving" / "shoprank") == [str(VERSION)]


def test_the_version_from_before_is_gone(run_dir: Path) -> None:
    _, trained = served_version(run_dir, "test")
    write_log(run_dir / "feedback", ["a"])
    update_from_feedback(run_dir, now=LATER)
    shutil.rmtree(trained)
    message = f"^{trained}: this version is gone, and with it the posterior from before the update$"
    with pytest.raises(PipelineError, match=message):
        undo_feedback(run_dir)


def test_the_posterior_from_before_is_damaged(run_dir: Path) -> None:
    _, trained = served_version(run_dir, "test")
    write_log(run_dir / "feedback", ["a"])
    update_from_feedback(run_dir, now=LATER)
    (trained / POSTERIOR_FILE).write_bytes(b"")
    with pytest.raises(PipelineError, match=f"^{trained / POSTERIOR_FILE}: "):
        undo_feedback(run_dir)
    assert sorted(os.listdir(trained.parent)) == ["7", "8"]


def test_another_writer(run_dir: Path) -> None:
    with sole_writer(run_dir), pytest.raises(PipelineError, match="another command is writing a version of this run"):
        undo_feedback(run_dir, wait_seconds=0)
